/* libpng with our memory and our errors: the first refusal is kept and told by
 * tarn__png_failure. */
#ifndef TARN_KERNELS_CPU_CODEC_PNG_SESSION_H
#define TARN_KERNELS_CPU_CODEC_PNG_SESSION_H

#include "kernels/run.h"

#ifdef TARN_HAS_PNG
#include <png.h>

typedef struct tarn_png_session {
  png_struct *png;
  const tarn_allocator *allocator;
  const tarn_run *run;
  tarn_status status; /* not TARN_OK: one of ours came before libpng's; its text is set */
  char text[128];
} tarn_png_session;

/* The session must not move while it lives: libpng points to it. */
tarn_status tarn__png_begin(tarn_png_session *s, const tarn_allocator *a, const tarn_run *run,
                            bool reading);
/* After the longjmp: the status, with its text. */
tarn_status tarn__png_failure(tarn_png_session *s);

#endif
#endif
