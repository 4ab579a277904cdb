/* The names nearest to one that was not found, for messages (declared in map.h). */
#include <stdio.h>
#include <string.h>

#include "core/bytes.h"
#include "core/map.h"

#define COMPARED 128 /* bytes of a name that are looked at: keeps the row on the stack */
#define SHOWN 3

/* Levenshtein's distance in one row: row[j] is the distance of a's prefix to b's first j bytes. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb) {
  size_t row[COMPARED + 1];
  for (size_t j = 0; j <= nb; j++) row[j] = j;
  for (size_t i = 1; i <= na; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= nb; j++) {
      size_t best = diagonal + (a[i - 1] != b[j - 1]);
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      diagonal = row[j];
      row[j] = best;
    }
  }
  return row[nb];
}

static size_t compared_bytes(const char *name) {
  return strnlen(name, COMPARED);
}

const char *tarn__nearest(const char *wanted, const char *const *names, size_t n, char *text,
                          size_t bytes) {
  if (bytes == 0) return "";
  text[0] = '\0';
  size_t length = compared_bytes(wanted), shown = 0, best[SHOWN], scores[SHOWN];
  /* More than a third wrong is another name, unless one holds the other ("kernel" in
   * "conv1/kernel"). */
  size_t furthest = length / 3 > 2 ? length / 3 : 2;
  for (size_t i = 0; i < n; i++) {
    size_t other = compared_bytes(names[i]);
    bool inside =
        length >= 3 && other >= 3 && (strstr(names[i], wanted) || strstr(wanted, names[i]));
    size_t apart = other > length ? other - length : length - other, score;
    if (inside) {
      score = 1 + (apart < furthest ? apart : furthest - 1);
    } else {
      if (apart > furthest) continue;
      score = distance(wanted, length, names[i], other);
      if (score > furthest) continue;
    }
    size_t at = shown;
    while (at > 0 && scores[at - 1] > score) at--;
    if (at == SHOWN) continue;
    size_t last = shown < SHOWN ? shown++ : SHOWN - 1;
    for (size_t k = last; k > at; k--) {
      best[k] = best[k - 1];
      scores[k] = scores[k - 1];
    }
    best[at] = i;
    scores[at] = score;
  }
  size_t used = 0;
  for (size_t k = 0; k < shown; k++) {
    char name[256];
    const char *found = names[best[k]];
    tarn__printable(found, strlen(found), name, sizeof name);
    int more = snprintf(text + used, bytes - used, "%s'%s'", k ? ", " : ", nearest: ", name);
    if (more < 0 || (size_t)more >= bytes - used) {
      text[used] = '\0';
      break;
    }
    used += (size_t)more;
  }
  return text;
}
