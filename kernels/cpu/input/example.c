/* Finding and reading the features of an Example: see example.h. */
#include "kernels/cpu/input/example.h"

#include "core/wire/wire.h"

/* The last list of a Feature; a oneof given again replaces what was there. */
static tarn_status feature_of(tarn_wire w, tarn_feature *feature) {
  static const tarn_dtype dtypes[] = {TARN_NO_DTYPE, TARN_STRING, TARN_F32, TARN_I64};
  *feature = (tarn_feature){.dtype = TARN_NO_DTYPE};
  for (;;) {
    tarn_wire_field f;
    tarn_wire list;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number > 3) continue;
    TARN_TRY(tarn__wire_message(&f, "a list of a Feature", &list));
    *feature = (tarn_feature){
        .dtype = dtypes[f.number], .data = f.data, .bytes = f.size, .offset = f.data_offset};
  }
}

static tarn_status entry(tarn_wire w, size_t count, const tarn_string *keys, tarn_feature *found) {
  tarn_wire value = {0};
  tarn_feature feature = {.dtype = TARN_NO_DTYPE};
  tarn_string key = {"", 0};
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 1) TARN_TRY(tarn__wire_text(&f, &key.data, &key.size));
    if (f.number == 2) {
      TARN_TRY(tarn__wire_message(&f, "Feature", &value));
      TARN_TRY(feature_of(value, &feature));
    }
  }
  for (size_t i = 0; i < count; i++)
    if (keys[i].size == key.size &&
        (key.size == 0 || memcmp(keys[i].data, key.data, key.size) == 0))
      found[i] = feature;
  return TARN_OK;
}

tarn_status tarn__example_find(const tarn_string *example, size_t count, const tarn_string *keys,
                               tarn_feature *found) {
  tarn_wire w = tarn__wire(example->size ? example->data : "", example->size, 0, "Example");
  for (size_t i = 0; i < count; i++) found[i] = (tarn_feature){.dtype = TARN_NO_DTYPE};
  for (;;) {
    tarn_wire_field f;
    tarn_wire features;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != 1) continue;
    TARN_TRY(tarn__wire_message(&f, "Features", &features));
    for (;;) {
      tarn_wire row;
      TARN_TRY(tarn__wire_next(&features, &f));
      if (f.number == 0) break;
      if (f.number != 1) continue;
      TARN_TRY(tarn__wire_message(&f, "an entry of Features", &row));
      TARN_TRY(entry(row, count, keys, found));
    }
  }
}

static tarn_status list_entry(tarn_wire w, size_t count, const tarn_string *keys,
                              tarn_feature_list *found) {
  tarn_feature_list list = {.present = true, .data = ""};
  tarn_string key = {"", 0};
  for (;;) {
    tarn_wire_field f;
    tarn_wire value;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 1) TARN_TRY(tarn__wire_text(&f, &key.data, &key.size));
    if (f.number != 2) continue;
    TARN_TRY(tarn__wire_message(&f, "FeatureList", &value));
    list = (tarn_feature_list){true, f.data, f.size, f.data_offset};
  }
  for (size_t i = 0; i < count; i++)
    if (keys[i].size == key.size &&
        (key.size == 0 || memcmp(keys[i].data, key.data, key.size) == 0))
      found[i] = list;
  return TARN_OK;
}

tarn_status tarn__example_find_lists(const tarn_string *example, size_t count,
                                     const tarn_string *keys, tarn_feature_list *found) {
  tarn_wire w = tarn__wire(example->size ? example->data : "", example->size, 0, "SequenceExample");
  for (size_t i = 0; i < count; i++) found[i] = (tarn_feature_list){.present = false};
  for (;;) {
    tarn_wire_field f;
    tarn_wire lists;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != 2) continue;
    TARN_TRY(tarn__wire_message(&f, "FeatureLists", &lists));
    for (;;) {
      tarn_wire row;
      TARN_TRY(tarn__wire_next(&lists, &f));
      if (f.number == 0) break;
      if (f.number != 1) continue;
      TARN_TRY(tarn__wire_message(&f, "an entry of FeatureLists", &row));
      TARN_TRY(list_entry(row, count, keys, found));
    }
  }
}

tarn_status tarn__feature_list_walk(const tarn_feature_list *list,
                                    tarn_status (*each)(void *context, int64_t step,
                                                        const tarn_feature *feature),
                                    void *context) {
  if (!list->present) return TARN_OK;
  tarn_wire w = tarn__wire(list->bytes ? list->data : "", list->bytes, list->offset, "FeatureList");
  for (int64_t step = 0;;) {
    tarn_wire_field f;
    tarn_wire value;
    tarn_feature feature;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != 1) continue;
    TARN_TRY(tarn__wire_message(&f, "Feature", &value));
    TARN_TRY(feature_of(value, &feature));
    TARN_TRY(each(context, step++, &feature));
  }
}

/* Walks the values; `to` NULL only counts them. */
static tarn_status walk(const tarn_feature *feature, tarn_tensor *to, int64_t *at) {
  if (feature->dtype == TARN_NO_DTYPE) return TARN_OK;
  tarn_wire w = tarn__wire(feature->data, feature->bytes, feature->offset, "a list of a Feature");
  for (;;) {
    tarn_wire_field f;
    tarn_wire_values v;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != 1) continue;
    if (feature->dtype == TARN_STRING) {
      const char *text;
      size_t bytes;
      TARN_TRY(tarn__wire_text(&f, &text, &bytes));
      if (to) TARN_TRY(tarn__string_set(to, *at, text, bytes));
      ++*at;
      continue;
    }
    TARN_TRY(tarn__wire_values(
        &f, feature->dtype == TARN_F32 ? TARN_WIRE_FIXED32 : TARN_WIRE_VARINT, &v));
    for (size_t i = 0; i < v.count && to; i++) {
      uint64_t value;
      TARN_TRY(tarn__wire_value(&v, &value));
      if (feature->dtype == TARN_F32)
        ((float *)to->data)[*at + (int64_t)i] = tarn__float_from_bits((uint32_t)value);
      else ((int64_t *)to->data)[*at + (int64_t)i] = (int64_t)value;
    }
    *at += (int64_t)v.count;
  }
}

tarn_status tarn__feature_count(const tarn_feature *feature, int64_t *count) {
  *count = 0;
  return walk(feature, NULL, count);
}

tarn_status tarn__feature_read(const tarn_feature *feature, tarn_tensor *to, int64_t at) {
  return walk(feature, to, &at);
}
