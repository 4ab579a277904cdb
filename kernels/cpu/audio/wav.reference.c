/* DecodeWav and EncodeWav: RIFF files of 16-bit PCM. */
#include "kernels/cpu/audio/wav.h"
#include "kernels/params/audio.h"
#include "kernels/run.h"

/* ---- reading ------------------------------------------------------------------------------- */

typedef struct reader {
  const unsigned char *data;
  size_t size, at;
} reader;

static tarn_status take(reader *r, size_t bytes, const unsigned char **from) {
  *from = NULL;
  if (bytes > r->size - r->at)
    return tarn_fail(TARN_INVALID, "WAV: expected %zu bytes at offset %zu, %zu are left", bytes,
                     r->at, r->size - r->at);
  *from = r->data + r->at;
  r->at += bytes;
  return TARN_OK;
}
static uint32_t little(const unsigned char *b, int bytes) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; i++) value |= (uint32_t)b[i] << 8 * i;
  return value;
}
static tarn_status number(reader *r, int bytes, uint32_t *value) {
  *value = 0;
  const unsigned char *from;
  TARN_TRY(take(r, (size_t)bytes, &from));
  *value = little(from, bytes);
  return TARN_OK;
}
static tarn_status word(reader *r, const char *wanted) {
  const unsigned char *from;
  const size_t at = r->at;
  TARN_TRY(take(r, 4, &from));
  if (memcmp(from, wanted, 4) != 0)
    return tarn_fail(TARN_INVALID, "WAV: expected '%s' at offset %zu", wanted, at);
  return TARN_OK;
}

typedef struct sound {
  uint32_t channels, rate;
  int64_t samples;
  const unsigned char *data;       /* little-endian, channels interleaved */
} sound;

static tarn_status format(reader *r, sound *s) {
  uint32_t size, kind, bytes_a_second, bytes_a_sample, bits;
  TARN_TRY(word(r, "fmt "));
  TARN_TRY(number(r, 4, &size));
  if (size != 16 && size != 18)
    return tarn_fail(TARN_INVALID, "WAV: a format of %u bytes, expected 16 or 18", size);
  TARN_TRY(number(r, 2, &kind));
  TARN_TRY(number(r, 2, &s->channels));
  TARN_TRY(number(r, 4, &s->rate));
  TARN_TRY(number(r, 4, &bytes_a_second));
  TARN_TRY(number(r, 2, &bytes_a_sample));
  TARN_TRY(number(r, 2, &bits));
  if (kind != 1) return tarn_fail(TARN_INVALID, "WAV: audio format %u, expected 1 (PCM)", kind);
  if (bits != 16) return tarn_fail(TARN_INVALID, "WAV: %u bits a sample, expected 16", bits);
  if (s->channels < 1) return tarn_fail(TARN_INVALID, "WAV: no channels");
  if (s->rate > INT32_MAX) return tarn_fail(TARN_INVALID, "WAV: %u samples a second", s->rate);
  if (bytes_a_sample != 2 * s->channels || bytes_a_second != s->rate * bytes_a_sample)
    return tarn_fail(TARN_INVALID,
                     "WAV: %u bytes a sample and %u a second do not fit %u channels at %u Hz",
                     bytes_a_sample, bytes_a_second, s->channels, s->rate);
  const unsigned char *ignored;
  return size == 18 ? take(r, 2, &ignored) : TARN_OK;
}

static tarn_status parse(reader *r, sound *s) {
  uint32_t size;
  TARN_TRY(word(r, "RIFF"));
  TARN_TRY(number(r, 4, &size));
  TARN_TRY(word(r, "WAVE"));
  TARN_TRY(format(r, s));
  while (r->at < r->size) {
    const unsigned char *name, *body;
    TARN_TRY(take(r, 4, &name));
    TARN_TRY(number(r, 4, &size));
    TARN_TRY(take(r, size, &body));
    if (memcmp(name, "data", 4) != 0) continue;
    if (s->data) return tarn_fail(TARN_INVALID, "WAV: a second data chunk");
    s->data = body;
    s->samples = (int64_t)size / (2 * (int64_t)s->channels);
  }
  return s->data ? TARN_OK : tarn_fail(TARN_INVALID, "WAV: no data chunk");
}

/* Missing channels repeat the last one, missing samples are silence. */
static tarn_status run(const tarn_call *call) {
  const tarn_wav_params *p = call->problem->params;
  const tarn_string *contents = call->in[0]->data;
  reader r = {.data = (const unsigned char *)contents->data, .size = contents->size};
  sound s = {0};
  TARN_TRY(parse(&r, &s));
  const int64_t own = (int64_t)s.channels;
  const int64_t channels = p->channels < 0 ? own : p->channels,
                samples = p->samples < 0 ? s.samples : p->samples;
  tarn_shape shape;
  TARN_TRY(tarn__shape_make(2, (int64_t[]){samples, channels}, &shape));
  if (call->problem->out_shape[0].rank < 0) TARN_TRY(tarn__call_allocate(call, 0, &shape));
  float *y = call->out[0]->data;
  for (int64_t t = 0; t < samples; t++)
    for (int64_t c = 0; c < channels; c++) {
      const int64_t from = t * own + (c < own ? c : own - 1);
      y[t * channels + c] =
          t < s.samples ? (float)(int16_t)little(s.data + 2 * from, 2) / 32768.0f : 0.0f;
    }
  *(int32_t *)call->out[1]->data = (int32_t)s.rate;
  return TARN_OK;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* The file is made in scratch, then copied into the string. */
static size_t file_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return TARN_WAV_HEADER + 2 * (size_t)tarn__shape_elements(&p->in_shape[0]);
}

static tarn_status run_encode(const tarn_call *call) {
  const tarn_shape *shape = &call->problem->in_shape[0];
  const float *x = call->in[0]->data;
  const int64_t rate = tarn__tensor_int(call->in[1], 0), n = tarn__shape_elements(shape);
  unsigned char *file = call->scratch;
  TARN_TRY(tarn__wav_check(n, shape->dim[1], rate));
  tarn__wav_write(x, n, shape->dim[1], rate, file);
  return tarn__string_set(call->out[0], 0, (const char *)file, TARN_WAV_HEADER + 2 * (size_t)n);
}

const tarn_kernel tarn_kernels_audio_wav_reference[] = {
    {.op = "DecodeWav", .run = run},
    {.op = "EncodeWav", .scratch_bytes = file_bytes, .run = run_encode},
    {0},
};
