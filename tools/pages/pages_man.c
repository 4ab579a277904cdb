/* The man page, in the macros of man(7). */
#include "core/knobs.h"
#include "tools/pages/pages.h"

#include <string.h>

/* Text with what troff would take for its own escaped: backslashes, dashes, and dots and quotes at
 * the start of a line. */
static void plain(FILE *to, const char *text) {
  bool start = true;
  for (; *text; text++) {
    if (start && (*text == '.' || *text == '\'')) fputs("\\&", to);
    if (*text == '\\') fputs("\\e", to);
    else if (*text == '-') fputs("\\-", to);
    else if (*text == '\'') fputs("\\(aq", to);
    else if (*text == '`') fputs("\\(ga", to);
    else if (*text == '~') fputs("\\(ti", to);
    else if (*text == '^') fputs("\\(ha", to);
    else fputc(*text, to);
    start = *text == '\n';
  }
}

/* Paragraphs: an empty line parts them. */
static void paragraphs(FILE *to, const char *text) {
  while (text && *text) {
    const char *gap = strstr(text, "\n\n");
    const int bytes = gap ? (int)(gap - text) : (int)strlen(text);
    char copy[4096];
    snprintf(copy, sizeof copy, "%.*s", bytes, text);
    fputs(".PP\n", to);
    plain(to, copy);
    fputc('\n', to);
    text += bytes + (gap ? 2 : 0);
  }
}

static void verb(FILE *to, const tarn_verb *v) {
  fprintf(to, ".SS \"");
  plain(to, "tarn ");
  plain(to, v->name);
  fprintf(to, "%s ", v->options ? " [options]" : "");
  plain(to, v->arguments);
  fprintf(to, "\"\n");
  plain(to, v->help);
  fputs(".\n", to);
  paragraphs(to, v->text);
  for (const tarn_option *o = v->options; o && o->name; o++) {
    fputs(".TP\n.B ", to);
    plain(to, o->name);
    if (o->argument) {
      fputs(" \\fI", to);
      plain(to, o->argument);
      fputs("\\fR", to);
    }
    fputc('\n', to);
    plain(to, o->help);
    fputc('\n', to);
  }
  fputs(".PP\nExample:\n.PP\n.nf\n.RS\n", to);
  plain(to, v->example);
  fputs("\n.RE\n.fi\n", to);
}

void tarn__pages_man(FILE *to) {
  static const char *const statuses[][2] = {
    {"0", "done"}, {"1", "failed, or a mismatch"}, {"2", "the command line is wrong"},
    {"3", "an op is not supported; each is named on a line of its own"},
    {"4", "a file is unreadable or corrupt"}, {"5", "out of memory, or a limit was reached"}};
  fprintf(to,
          ".TH TARN 1 \"\" \"tarn %s\" \"User Commands\"\n.SH NAME\ntarn \\- run TensorFlow graphs "
          "and checkpoints\n",
          tarn_version());
  fputs(
      ".SH SYNOPSIS\n.B tarn\n.I VERB\n[options] ...\n.SH DESCRIPTION\n"
      "Takes a TensorFlow graph and its checkpoint as TensorFlow wrote them, plans for the machine "
      "at hand, and runs,\n"
      "measures and explains them. Data goes to standard output, messages to standard error.\n"
      ".PP\nA model is a GraphDef (.pb, .pbtxt), a MetaGraph (.meta), a checkpoint prefix with a "
      ".meta beside it, or a\n"
      "SavedModel folder.\n.SH VERBS\n",
      to);
  for (const tarn_verb *const *v = tarn__verbs; *v; v++) verb(to, *v);
  fputs(".SH \"EXIT STATUS\"\n", to);
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    fprintf(to, ".TP\n.B %s\n", statuses[i][0]);
    plain(to, statuses[i][1]);
    fputc('\n', to);
  }
  fputs(".SH ENVIRONMENT\n", to);
  size_t count;
  const tarn_knob_row *knob = tarn__knob_rows(&count);
  for (size_t i = 0; i < count; i++) {
    fprintf(to, ".TP\n.B %s\n", knob[i].name);
    plain(to, knob[i].help);
    fputc('\n', to);
  }
}
