/* From expanded nodes to blocks of steps in topological order, with the frames of V1 loops as
 * blocks of their own.
 *
 * Every instance is a unit, and so is every frame seen from outside. An edge u -> v counts at the
 * innermost frame that holds both: there it joins the unit of u to the unit of v (which may be
 * frames). NextIteration -> Merge edges are left out. One topological sort of all units then orders
 * every frame at once, with each loop contiguous; a cycle among units means a loop whose exits feed
 * its own entries, which no front end of TensorFlow writes. */
#include "graph/plan/orderer.h"

#include <string.h>

/* Nobody knows how many outputs an unknown op has: as many as are used. */
static void count_unknown_outputs(tarn_expansion *x) {
  for (int i = 0; i < x->count + 1; i++) {
    const tarn_use *use = i < x->count ? x->instance[i].in : x->result;
    const int n = i < x->count ? x->instance[i].inputs : x->results;
    for (int k = 0; k < n; k++)
      if (x->instance[use[k].from].outputs <= use[k].index)
        x->instance[use[k].from].outputs = use[k].index + 1;
  }
}

/* An edge list in compressed form: for unit u, to[start[u] .. start[u+1]). */
typedef struct edges {
  int *start, *to;
} edges;

typedef void (*edge_visit)(void *context, int from, int to);

static void each_edge(const orderer *o, edge_visit visit, void *context) {
  for (int i = 0; i < o->x->count; i++) {
    const tarn_instance *x = &o->x->instance[i];
    if (tarn__instance_skipped(o, i)) continue;
    for (int k = 0; k < x->inputs; k++) {
      const int from = x->in[k].from;
      if (tarn__instance_merges(x) && tarn__instance_next(&o->x->instance[from])) continue;
      visit(context, from, i);
    }
    for (int k = 0; k < x->controls; k++)
      if (!tarn__instance_skipped(o, x->control[k])) visit(context, x->control[k], i);
  }
}

typedef struct edge_counter {
  const orderer *o;
  edges e;
  int *fill, *degree;
  void (*map)(const orderer *o, int *from, int *to); /* may set from to -1: no edge */
} edge_counter;

static void count_edge(void *context, int from, int to) {
  edge_counter *c = context;
  c->map(c->o, &from, &to);
  if (from < 0 || from == to) return;
  c->e.start[from + 1]++;
  c->degree[to]++;
}
static void fill_edge(void *context, int from, int to) {
  edge_counter *c = context;
  c->map(c->o, &from, &to);
  if (from < 0 || from == to) return;
  c->e.to[c->e.start[from] + c->fill[from]++] = to;
}

/* Kahn's algorithm over n units; *sorted is n when there is no cycle. The last unit that became
 * ready goes first, which keeps chains together and few values alive. */
tarn_status tarn__order_units(orderer *o, int n, void (*map)(const orderer *o, int *from, int *to),
                              int *order, int *sorted) {
  tarn_arena *arena = o->b->arena;
  edge_counter c = {.o = o, .map = map};
  c.e.start = tarn__arena_array(arena, (size_t)n + 2, sizeof(int));
  c.fill = tarn__arena_array(arena, (size_t)n + 1, sizeof(int));
  c.degree = tarn__arena_array(arena, (size_t)n + 1, sizeof(int));
  int *ready = tarn__arena_array(arena, (size_t)n + 1, sizeof(int));
  if (!c.e.start || !c.fill || !c.degree || !ready) return TARN_NO_MEMORY;
  each_edge(o, count_edge, &c);
  for (int u = 0; u < n; u++) c.e.start[u + 1] += c.e.start[u];
  c.e.to = tarn__arena_array(arena, (size_t)c.e.start[n] + 1, sizeof(int));
  if (!c.e.to) return TARN_NO_MEMORY;
  each_edge(o, fill_edge, &c);
  int top = 0, done = 0;
  /* Instances were found from the results backwards: taken in reverse, what is needed first comes
   * first. */
  for (int u = 0; u < n; u++)
    if (!c.degree[u]) ready[top++] = u;
  while (top) {
    const int u = ready[--top];
    order[done++] = u;
    for (int k = c.e.start[u]; k < c.e.start[u + 1]; k++)
      if (!--c.degree[c.e.to[k]]) ready[top++] = c.e.to[k];
  }
  *sorted = done;
  return TARN_OK;
}

static void map_units(const orderer *o, int *from, int *to) {
  const tarn_frame *level = o->x->instance[*to].inside;
  const tarn_frame *other = o->x->instance[*from].inside;
  while (!tarn__frame_within(other, level)) level = level->parent;
  const int u = tarn__unit_in(o, *from, level), v = tarn__unit_in(o, *to, level);
  *from = u;
  *to = v;
}

tarn_status tarn__order_append(tarn_arena *arena, int **list, int *count, int item) {
  /* Lists double at powers of two. */
  if ((*count & (*count - 1)) == 0) {
    int *larger = tarn__arena_array(arena, *count ? (size_t)*count * 2 : 1, sizeof(int));
    if (!larger) return TARN_NO_MEMORY;
    if (*count) memcpy(larger, *list, (size_t)*count * sizeof(int));
    *list = larger;
  }
  (*list)[(*count)++] = item;
  return TARN_OK;
}

tarn_status tarn__plan_order(tarn_builder *b, tarn_expansion *from, tarn_block *block) {
  orderer o = {.b = b, .x = from};
  tarn_arena *arena = b->arena;
  count_unknown_outputs(from);
  TARN_TRY(tarn__order_frames(&o));
  o.units = from->count + o.frames;
  o.order = tarn__arena_array(arena, (size_t)o.units + 1, sizeof(int));
  o.value = tarn__arena_array(arena, (size_t)from->count + 1, sizeof(int *));
  o.step_of = tarn__arena_array(arena, (size_t)o.units + 1, sizeof(int));
  if (!o.order || !o.value || !o.step_of) return TARN_NO_MEMORY;
  int sorted;
  TARN_TRY(tarn__order_units(&o, o.units, map_units, o.order, &sorted));
  if (sorted < o.units)
    return tarn_fail(
        TARN_UNSUPPORTED,
        "a loop's results feed the same loop again: this form of control flow is not supported");
  for (int u = 0; u < o.units; u++) o.step_of[u] = -1;
  for (int i = 0; i < from->count; i++) {
    const int n = tarn__instance_outputs(&from->instance[i]);
    o.value[i] = tarn__arena_array(arena, (size_t)n + 1, sizeof(int));
    if (!o.value[i]) return TARN_NO_MEMORY;
    for (int k = 0; k < n; k++) o.value[i][k] = -1;
  }
  /* Feeds and arguments come first, in order. */
  for (int i = 0; i < from->n_fed; i++) {
    const tarn_value *fed = &from->fed_value[i];
    const int value = tarn__block_add_value(block, fed->dtype, &fed->shape);
    if (value < 0) return TARN_NO_MEMORY;
    block->value[value].variable = fed->variable;
    o.value[from->fed[i].from][0] = value;
    TARN_TRY(tarn__order_append(arena, &block->input, &block->inputs, value));
  }
  TARN_TRY(tarn__emit_frame(&o, NULL, block));
  for (int i = 0; i < from->targets;
       i++) { /* what is asked to run runs, though nobody uses its results */
    const int at = from->instance[from->target[i]].inside ? -1 : o.step_of[from->target[i]];
    if (at >= 0) block->step[at].kept = true;
  }
  for (int i = 0; i < from->results; i++) {
    const tarn_instance *x = &from->instance[from->result[i].from];
    if (x->frame)
      return tarn_fail(TARN_INVALID, "'%s' is inside loop '%s' and cannot be fetched", x->name,
                       x->frame->name);
    int value;
    TARN_TRY(tarn__emit_value(&o, block, NULL, from->result[i], &value));
    TARN_TRY(tarn__order_append(arena, &block->result, &block->results, value));
  }
  return TARN_OK;
}
