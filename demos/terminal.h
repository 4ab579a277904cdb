/* Pictures and bars in a terminal, by Unicode's block characters. Shades of grey where standard
 * output is a terminal and NO_COLOR is not set; else ink is solid above 0.4. */
#ifndef TARN_DEMOS_TERMINAL_H
#define TARN_DEMOS_TERMINAL_H

#include <stdbool.h>

bool tarn__terminal_shades(void);

/* One character row of a picture: two pixel rows (0 black to 1 white), `cols` characters wide. No
 * line end. */
void tarn__terminal_half_blocks(const float *upper, const float *lower, int cols, bool shades);

/* A bar of `fraction` (0 to 1) of `cols` characters, in eighths, filled up with spaces. */
void tarn__terminal_bar(double fraction, int cols);

#endif
