/* tarn __complete: what the build installs beside the command. Hidden: it is in no help and no
 * table. */
#include "tools/pages/pages.h"

#include <string.h>

int tarn__complete(int argc, char **argv);

int tarn__complete(int argc, char **argv) {
  const char *what = argc == 2 ? argv[1] : "";
  if (!strcmp(what, "man")) tarn__pages_man(stdout);
  else if (!strcmp(what, "bash")) tarn__pages_bash(stdout);
  else if (!strcmp(what, "zsh")) tarn__pages_zsh(stdout);
  else return tarn__cli_usage(NULL, "__complete takes bash, zsh or man");
  return TARN_EXIT_OK;
}
