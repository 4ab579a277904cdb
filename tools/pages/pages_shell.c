/* Completions: verbs, then a verb's options, then the words or files that an option or the first
 * operand takes. */
#include "tools/pages/pages.h"

#ifdef TARN_HAS_DEMOS
#include "demos/demo.h"
#endif

#include <string.h>

const char *tarn__pages_words(const char *description, char *text, size_t bytes) {
  const size_t end = description ? strcspn(description, " ") : 0;
  size_t used = 0;
  text[0] = 0;
  if (end && memchr(description, '|', end) && end < bytes) {
    for (; used < end; used++) text[used] = description[used] == '|' ? ' ' : description[used];
    text[used] = 0;
  }
  return text;
}

/* The words for a verb's first operand. */
static const char *operands(const tarn_verb *v, char *text, size_t bytes) {
  tarn__pages_words(v->arguments, text, bytes);
#ifdef TARN_HAS_DEMOS
  size_t used = 0;
  for (const tarn_demo *d = tarn__demos; !strcmp(v->name, "demo") && d->name && used < bytes; d++)
    used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? " " : "", d->name);
#endif
  return text;
}

static void options(FILE *to, const tarn_verb *v) {
  fputs("--help", to);
  for (const tarn_option *o = v->options; o && o->name; o++) fprintf(to, " %s", o->name);
}

void tarn__pages_bash(FILE *to) {
  char words[512];
  fputs("# bash completion for tarn\n_tarn() {\n"
        "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
        "  COMPREPLY=()\n  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    words=\"--help --version", to);
  for (const tarn_verb *const *v = tarn__verbs; *v; v++) fprintf(to, " %s", (*v)->name);
  fputs(
      "\"\n    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n    return\n  fi\n  case "
      "${COMP_WORDS[1]}:$before in\n",
      to);
  for (const tarn_verb *const *v = tarn__verbs; *v; v++)
    for (const tarn_option *o = (*v)->options; o && o->name; o++)
      if (*tarn__pages_words(o->argument, words, sizeof words))
        fprintf(to, "    %s:%s) COMPREPLY=($(compgen -W \"%s\" -- \"$current\")); return ;;\n",
                (*v)->name, o->name, words);
  fputs("  esac\n  case ${COMP_WORDS[1]} in\n", to);
  for (const tarn_verb *const *v = tarn__verbs; *v; v++) {
    fprintf(to, "    %s)\n      case $current in\n        -*) words=\"", (*v)->name);
    options(to, *v);
    fputs("\" ;;\n", to);
    if (*operands(*v, words, sizeof words))
      fprintf(to, "        *) [ \"$COMP_CWORD\" -eq 2 ] && words=\"%s\" ;;\n", words);
    fputs("      esac ;;\n", to);
  }
  fputs(
      "  esac\n  if [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$current\")); fi\n}\ncomplete -o filenames -F _tarn "
      "tarn\n",
      to);
}

/* Inside single quotes, and for _arguments without what it takes for its own. */
static void zsh_text(FILE *to, const char *text) {
  for (; *text; text++) {
    if (*text == '\'') fputs("'\\''", to);
    else if (strchr("[]:\\", *text)) fprintf(to, "\\%c", *text);
    else fputc(*text, to);
  }
}

void tarn__pages_zsh(FILE *to) {
  char words[512];
  fputs("#compdef tarn\nlocal -a verbs\nverbs=(\n", to);
  for (const tarn_verb *const *v = tarn__verbs; *v; v++) {
    fprintf(to, "  '%s:", (*v)->name);
    zsh_text(to, (*v)->help);
    fputs("'\n", to);
  }
  fputs(
      ")\nif (( CURRENT == 2 )); then\n  _describe verb verbs\n  return\nfi\nlocal "
      "verb=$words[2]\nshift words\n(( CURRENT-- ))\ncase $verb in\n",
      to);
  for (const tarn_verb *const *v = tarn__verbs; *v; v++) {
    fprintf(to, "  %s) _arguments '--help[what it does]'", (*v)->name);
    for (const tarn_option *o = (*v)->options; o && o->name; o++) {
      fprintf(to, " \\\n    '*%s[", o->name);
      zsh_text(to, o->help);
      fputc(']', to);
      if (o->argument) {
        fputc(':', to);
        zsh_text(to, o->argument);
        if (*tarn__pages_words(o->argument, words, sizeof words)) fprintf(to, ":(%s)", words);
        else if (strstr(o->argument, "FILE") || strstr(o->argument, "PREFIX")) fputs(":_files", to);
        else fputs(":", to);
      }
      fputc('\'', to);
    }
    if (*operands(*v, words, sizeof words)) fprintf(to, " \\\n    '1: :(%s)'", words);
    fputs(" \\\n    '*: :_files' ;;\n", to);
  }
  fputs("esac\n", to);
}
