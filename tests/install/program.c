/* Loads a model and its checkpoint, runs it on zeros, and says what came out. Usage: program
 * PREFIX */
#include <stdio.h>
#include <tarn.h>

int main(int argc, char **argv) {
  tarn_model *model = NULL;
  tarn_session *session = NULL;
  tarn_tensor *x = NULL, *y = NULL;
  const char *fetch = "probabilities";
  tarn_status status = tarn_model_load(argc > 1 ? argv[1] : "", NULL, &model);
  if (!status) status = tarn_session_create(model, NULL, &session);
  if (!status) status = tarn_session_restore(session, argv[1]);
  if (!status) status = tarn_tensor_create(TARN_F32, 4, (const int64_t[]){1, 28, 28, 1}, &x);
  if (!status)
    status = tarn_session_run(session, &(tarn_feed){"input", x}, 1, &fetch, 1, NULL, 0, &y);
  if (status) fprintf(stderr, "%s\n", tarn_error());
  else
    printf("%lld classes, the first %.3f\n", (long long)tarn_tensor_dim(y, 1),
           (double)*(const float *)tarn_tensor_data_const(y));
  tarn_tensor_release(y);
  tarn_tensor_release(x);
  tarn_session_destroy(session);
  tarn_model_destroy(model);
  return status != TARN_OK;
}
