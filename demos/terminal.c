#include "demos/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool tarn__terminal_shades(void) {
  const char *no_color = getenv("NO_COLOR"); /* a convention of terminals, no knob of ours */
  return isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
}

/* The 24 greys of the 256-colour palette begin at 232. */
static int grey(float x) {
  const int step = (int)(x * 23.0f + 0.5f);
  return 232 + (step < 0 ? 0 : step > 23 ? 23 : step);
}

void tarn__terminal_half_blocks(const float *upper, const float *lower, int cols, bool shades) {
  for (int c = 0; c < cols; c++) {
    if (shades) {
      printf("\033[38;5;%d;48;5;%dm▀", grey(upper[c]), grey(lower[c]));
    } else {
      const bool up = upper[c] > 0.4f, low = lower[c] > 0.4f;
      fputs(up && low ? "█" : up ? "▀" : low ? "▄" : " ", stdout);
    }
  }
  if (shades) fputs("\033[0m", stdout);
}

void tarn__terminal_bar(double fraction, int cols) {
  static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double clipped = fraction > 0 ? fraction < 1 ? fraction : 1 : 0; /* NaN draws nothing */
  const int filled = (int)(clipped * cols * 8 + 0.5);
  int drawn = 0;
  for (; drawn < filled / 8; drawn++) fputs("█", stdout);
  if (filled % 8 != 0) {
    fputs(eighths[filled % 8], stdout);
    drawn++;
  }
  for (; drawn < cols; drawn++) putchar(' ');
}
