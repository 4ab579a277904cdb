/* Sound: WAV files in and out, spectrograms, mel-frequency cepstral coefficients. */
#include "graph/op.h"
#include "kernels/params/audio.h"

static tarn_status parse_wav(const tarn_attrs *attrs, void *params) {
  tarn_wav_params *p = params;
  p->channels = tarn__attr_int(attrs, "desired_channels");
  p->samples = tarn__attr_int(attrs, "desired_samples");
  if (p->channels < -1 || p->samples < -1 || p->channels > UINT16_MAX || p->samples > INT32_MAX)
    return tarn_fail(
        TARN_INVALID,
        "desired_channels %lld and desired_samples %lld: expected -1, or a number that fits",
        (long long)p->channels, (long long)p->samples);
  return TARN_OK;
}
static tarn_status infer_wav(tarn_infer *t) {
  const tarn_wav_params *p = t->params;
  TARN_TRY(tarn__infer_scalar(t, 0));
  t->out[1] = tarn__shape_scalar();
  if (p->channels < 0 || p->samples < 0) return TARN_OK;   /* the file says */
  return tarn__shape_make(2, (int64_t[]){p->samples, p->channels}, &t->out[0]);
}
static tarn_status infer_encode(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_scalar(t, 1));
  t->out[0] = tarn__shape_scalar();
  return TARN_OK;
}

static tarn_status parse_spectrogram(const tarn_attrs *attrs, void *params) {
  tarn_spectrogram_params *p = params;
  p->window_size = tarn__attr_int(attrs, "window_size");
  p->stride = tarn__attr_int(attrs, "stride");
  p->squared = tarn__attr_bool(attrs, "magnitude_squared");
  if (p->window_size < 2 || p->window_size > 1 << 30 || p->stride < 1)
    return tarn_fail(
        TARN_INVALID,
        "window_size %lld and stride %lld: expected at least 2 and 1, and 2^30 at most",
        (long long)p->window_size, (long long)p->stride);
  return TARN_OK;
}
static tarn_status infer_spectrogram(tarn_infer *t) {
  const tarn_spectrogram_params *p = t->params;
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  const int64_t frames = tarn__spectrogram_frames(p, t->in[0].dim[0]);
  return tarn__shape_make(
      3, (int64_t[]){t->in[0].dim[1], frames, tarn__spectrogram_points(p->window_size) / 2 + 1},
      &t->out[0]);
}

static tarn_status parse_mfcc(const tarn_attrs *attrs, void *params) {
  tarn_mfcc_params *p = params;
  p->upper = tarn__attr_float(attrs, "upper_frequency_limit");
  p->lower = tarn__attr_float(attrs, "lower_frequency_limit");
  p->bands = tarn__attr_int(attrs, "filterbank_channel_count");
  p->coefficients = tarn__attr_int(attrs, "dct_coefficient_count");
  if (!(p->lower >= 0 && p->upper > p->lower))
    return tarn_fail(TARN_INVALID, "frequency limits %g to %g", (double)p->lower, (double)p->upper);
  if (p->bands < 1 || p->bands > INT32_MAX || p->coefficients < 1 || p->coefficients > p->bands)
    return tarn_fail(TARN_INVALID, "%lld coefficients of %lld filters", (long long)p->coefficients,
                     (long long)p->bands);
  return TARN_OK;
}
static tarn_status infer_mfcc(tarn_infer *t) {
  const tarn_mfcc_params *p = t->params;
  TARN_TRY(tarn__infer_rank(t, 0, 3));
  TARN_TRY(tarn__infer_scalar(t, 1));
  if (t->in[0].dim[2] < 2)
    return tarn_fail(TARN_SHAPE, "expected at least 2 frequencies, got %lld",
                     (long long)t->in[0].dim[2]);
  return tarn__shape_make(3, (int64_t[]){t->in[0].dim[0], t->in[0].dim[1], p->coefficients},
                          &t->out[0]);
}

const tarn_op tarn_ops_audio[] = {
    {.name = "DecodeWav",
     .inputs = "contents: string",
     .outputs = "audio: float, sample_rate: int32",
     .attrs = "desired_channels: int = -1; desired_samples: int = -1",
     .params_bytes = sizeof(tarn_wav_params),
     .parse = parse_wav,
     .infer = infer_wav,
     .formula = "y[t,c] = sample / 32768 of 16-bit PCM"},
    {.name = "EncodeWav",
     .inputs = "audio: float, sample_rate: int32",
     .outputs = "contents: string",
     .infer = infer_encode,
     .formula = "16-bit PCM of round(32768 x), limited to the type",
     .cases = {"audio=f32[17x2]:-1..1 sample_rate=i32(8000)"}},
    {.name = "AudioSpectrogram",
     .inputs = "input: float",
     .outputs = "spectrogram: float",
     .attrs = "window_size: int; stride: int; magnitude_squared: bool = false",
     .params_bytes = sizeof(tarn_spectrogram_params),
     .parse = parse_spectrogram,
     .infer = infer_spectrogram,
     .formula = "y[c,f,k] = |sum_t x[f stride + t, c] (1/2 - cos(2 pi t / window_size)/2) exp(-2 "
                "pi i k t / points)|",
     .cases = {"input=f32[10x2] window_size=5 stride=2", "input=f32[3x1] window_size=5 stride=2",
               "input=f32[0x2] window_size=2 stride=1",
               "input=f32[16000x1] window_size=640 stride=320 magnitude_squared=true"}},
    {.name = "Mfcc",
     .inputs = "spectrogram: float, sample_rate: int32",
     .outputs = "output: float",
     .attrs = "upper_frequency_limit: float = 4000.0; lower_frequency_limit: float = 20.0;"
              "filterbank_channel_count: int = 40; dct_coefficient_count: int = 13",
     .params_bytes = sizeof(tarn_mfcc_params),
     .parse = parse_mfcc,
     .infer = infer_mfcc,
     .formula = "y[k] = sqrt(2/B) sum_b log(filter b of sqrt(x)) cos(pi/B k (b + 1/2))",
     .cases = {"spectrogram=f32[1x2x9]:0..4 sample_rate=i32(16000)",
               "spectrogram=f32[1x0x9] sample_rate=i32(16000)",
               "spectrogram=f32[1x49x513]:0..4 sample_rate=i32(16000) dct_coefficient_count=40"}},
    {0},
};
