/* What is made from the table of verbs besides --help: the man page and the completions of
 * shells. */
#ifndef TARN_TOOLS_PAGES_PAGES_H
#define TARN_TOOLS_PAGES_PAGES_H

#include "tools/cli.h"

#include <stdio.h>

/* tarn.1, for man. */
void tarn__pages_man(FILE *to);
/* Scripts that bash and zsh read. */
void tarn__pages_bash(FILE *to);
void tarn__pages_zsh(FILE *to);

/* The words that may stand for an option's value or a verb's first operand, one blank between them:
 * the alternatives of "reference|openblas ..." in its description, a demo's names. "" where it is
 * anything else. */
const char *tarn__pages_words(const char *description, char *text, size_t bytes);

#endif
