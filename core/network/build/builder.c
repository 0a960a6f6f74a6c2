#include "network/build/builder.h"

#include "base/sizes.h"
#include "network/operators/transpose.h"
#include "network/operators/walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL 200
#define MOST_TRIES 64 /* so that a weight with as many forms as there are nodes takes linear time */

/* --- messages and memory ---------------------------------------------------------------------------- */

Status call_fail(Call *call, Status status, const char *format, ...)
{
    char reason[sizeof call->message->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return status_fail(call->message, status, "node '%s' (%s, opset %d): %s", call->name, call->operator_name,
                       call->opset, reason);
}

void *call_allocate(Call *call, size_t count, size_t size)
{
    return arena_allocate(call->builder->arena, count, size);
}

Status call_no_memory(Call *call)
{
    const Builder *builder = call->builder;
    Message reason;
    arena_fail(builder->scratch.full ? &builder->scratch : builder->arena, &reason);
    return call_fail(call, STATUS_MEMORY, "%s", reason.text);
}

/* --- values ----------------------------------------------------------------------------------------- */

const BuildValue *builder_value(const Builder *builder, size_t value)
{
    return &builder_record(builder, value)->value;
}

const Node *builder_node(const Builder *builder, size_t node)
{
    return blocks_at(&builder->nodes, node);
}

size_t builder_batch(const Builder *builder)
{
    return builder->batch;
}

Status call_keeps_images(Call *call, const BuildValue *value, const char *what)
{
    if (value->constant || builder_batch(call->builder) == 1) return STATUS_OK;
    return call_fail(call, STATUS_UNSUPPORTED, "%s would mix the %zu images of a batch", what,
                     builder_batch(call->builder));
}

size_t builder_axis(const BuildValue *value, size_t axis)
{
    if (!value->channels_last || value->rank < 3 || axis == 0) return axis;
    return axis == 1 ? value->rank - 1 : axis - 1;
}

static ValueRecord *add_value(Builder *builder, const char *name, ElementType type, size_t rank,
                              const size_t *shape, size_t *value)
{
    ValueRecord *record = blocks_add(&builder->values);
    if (!record) return NULL;
    *value = builder_count(builder) - 1;
    *record = (ValueRecord){.value = {.name = name, .type = type, .rank = rank, .producer = NO_INDEX},
                            .twin = NO_INDEX,
                            .layer = NO_INDEX};
    record->value.elements = 1;
    for (size_t i = 0; i < rank; i++) {
        record->value.shape[i] = shape[i];
        record->value.elements *= shape[i];
    }
    return record;
}

/* The name of the output that the current node makes, for messages until it is bound. */
static const char *output_name(const Call *call)
{
    return call->output_count > 0 ? ((const Onnx__NodeProto *)call->node)->output[0] : call->name;
}

Status builder_constant(Call *call, ElementType type, size_t rank, const size_t *shape, const void *elements,
                        size_t *value)
{
    ValueRecord *record = add_value(call->builder, output_name(call), type, rank, shape, value);
    if (!record) return call_no_memory(call);
    record->value.constant = elements;
    return STATUS_OK;
}

Status call_bind(Call *call, size_t output, size_t value)
{
    Builder *builder = call->builder;
    BuildValue *bound = &builder_record(builder, value)->value;
    bool made_here = bound->producer != NO_INDEX && bound->producer >= builder->first_node;
    /* A node that hands its input on is no use of it; its own users are. */
    for (size_t i = 0; i < call->input_count && !made_here; i++)
        if (call->inputs[i] == value) bound->uses--;
    if (output >= call->output_count) return STATUS_OK;
    size_t name = graph_output(builder->graph, builder->current, output);
    if (name == NO_INDEX) return STATUS_OK;
    if (made_here) bound->name = graph_name(builder->graph, name);
    bound->uses += builder->graph->names[name].uses;
    builder->bound[name] = value;
    return STATUS_OK;
}

/* --- emitting --------------------------------------------------------------------------------------- */

static Status check_shape(Call *call, const Emit *emit)
{
    size_t bytes = element_size(emit->type);
    if (emit->rank > TENSOR_MAX_RANK)
        return call_fail(call, STATUS_UNSUPPORTED, "rank %zu: the most is %d", emit->rank, TENSOR_MAX_RANK);
    for (size_t i = 0; i < emit->rank; i++) {
        if (emit->shape[i] == 0) return call_fail(call, STATUS_INVALID, "axis %zu of its output is empty", i);
        if (!size_multiply(&bytes, bytes, emit->shape[i]) || bytes > call->builder->ceiling)
            return call_fail(call, STATUS_MEMORY,
                             "its output takes more than the %zu MiB that are left of --memory",
                             size_mib(call->builder->ceiling));
    }
    return STATUS_OK;
}

static bool all_constant(const Builder *builder, const Emit *emit)
{
    for (size_t i = 0; i < emit->input_count; i++)
        if (!builder_value(builder, emit->inputs[i])->constant) return false;
    return emit->input_count > 0;
}

static Value stored_value(const BuildValue *value)
{
    Value stored = {.name = value->name,
                    .type = value->type,
                    .rank = value->rank,
                    .elements = value->elements,
                    .channels_last = value->channels_last,
                    .constant = value->constant,
                    .producer = NO_INDEX};
    stored_shape(stored.shape, value->shape, value->rank, value->channels_last);
    return stored;
}

/* What one run of a kernel on constants needs: its values are its inputs and, after them, its output. */
typedef struct Fold {
    Value *values;
    size_t *numbers;
    const void **inputs;
    void *scratch, *output;
} Fold;

static bool fold_allocate(Fold *fold, Builder *builder, const Emit *emit, const BuildValue *output)
{
    size_t count = emit->input_count + 1;
    fold->values = calloc(count, sizeof *fold->values);
    fold->numbers = calloc(count, sizeof *fold->numbers);
    fold->inputs = calloc(count, sizeof *fold->inputs);
    fold->scratch = aligned_alloc(64, (emit->scratch / 64 + 1) * 64);
    fold->output = arena_allocate(&builder->scratch, output->elements, element_size(output->type));
    return fold->values && fold->numbers && fold->inputs && fold->scratch && fold->output;
}

static void fold_free(Fold *fold)
{
    free(fold->values);
    free(fold->numbers);
    free(fold->inputs);
    free(fold->scratch);
}

static Status fold_run(Fold *fold, Call *call, const Emit *emit, const BuildValue *output)
{
    for (size_t i = 0; i < emit->input_count; i++) {
        fold->values[i] = stored_value(builder_value(call->builder, emit->inputs[i]));
        fold->numbers[i] = i;
        fold->inputs[i] = fold->values[i].constant;
    }
    fold->values[emit->input_count] = stored_value(output);
    Node node = {.name = call->name,
                 .operator_name = call->operator_name,
                 .input_count = emit->input_count,
                 .inputs = fold->numbers,
                 .output = emit->input_count,
                 .layer = NO_INDEX,
                 .kernel = emit->kernel,
                 .parameters = emit->parameters,
                 .scratch = emit->scratch};
    KernelRun run = {.values = fold->values, .node = &node, .scratch = fold->scratch};
    Message reason;
    Status status = emit->kernel->run(&run, fold->output, fold->inputs, &reason);
    return status ? call_fail(call, status, "%s", reason.text) : STATUS_OK;
}

static Status fold(Call *call, const Emit *emit, BuildValue *output)
{
    Fold fold;
    Status status = fold_allocate(&fold, call->builder, emit, output) ? STATUS_OK : call_no_memory(call);
    if (!status) status = fold_run(&fold, call, emit, output);
    if (!status) output->constant = fold.output;
    fold_free(&fold);
    return status;
}

static Status add_node(Call *call, const Emit *emit, size_t value)
{
    Builder *builder = call->builder;
    Node *node = blocks_add(&builder->nodes);
    size_t *inputs = arena_new(&builder->scratch, size_t, emit->input_count);
    if (!node || !inputs) return call_no_memory(call);
    if (emit->input_count) memcpy(inputs, emit->inputs, emit->input_count * sizeof *inputs);
    *node = (Node){.name = call->name,
                   .operator_name = emit->operator_name ? emit->operator_name : call->operator_name,
                   .input_count = emit->input_count,
                   .inputs = inputs,
                   .output = value,
                   .layer = emit->layer,
                   .file_node = builder->current,
                   .kernel = emit->kernel,
                   .parameters = emit->parameters,
                   .scratch = emit->scratch};
    builder_record(builder, value)->value.producer = builder->nodes.count - 1;
    if (emit->layer != NO_INDEX) ((LayerRecord *)blocks_at(&builder->layers, emit->layer))->layer.uses++;
    return STATUS_OK;
}

Status builder_emit(Call *call, const Emit *emit, size_t *value)
{
    Status status = check_shape(call, emit);
    if (status) return status;
    ValueRecord *record =
        add_value(call->builder, output_name(call), emit->type, emit->rank, emit->shape, value);
    if (!record) return call_no_memory(call);
    record->value.channels_last = emit->channels_last && emit->rank >= 3;
    if (emit->layer == NO_INDEX && all_constant(call->builder, emit)) return fold(call, emit, &record->value);
    return add_node(call, emit, *value);
}

Status call_emit(Call *call, const Emit *emit)
{
    size_t value;
    Status status = builder_emit(call, emit, &value);
    return status ? status : call_bind(call, 0, value);
}

/* --- layouts ---------------------------------------------------------------------------------------- */

/* perm[i]: the stored axis of the value that becomes stored axis i in the other layout. */
static void layout_axes(TransposeParameters *parameters, size_t rank, bool to_channels_last)
{
    parameters->rank = rank;
    for (size_t i = 1; i < rank; i++) {
        size_t last = rank - 1;
        parameters->perm[i] = to_channels_last ? (i == last ? 1 : i + 1) : (i == 1 ? last : i - 1);
    }
    parameters->perm[0] = 0;
}

/* One channel or one pixel: both layouts have the same order. */
static bool layouts_agree(const BuildValue *value)
{
    return value->shape[1] == 1 || value->elements == value->shape[0] * value->shape[1];
}

static Status change_layout(Call *call, size_t value, size_t *result)
{
    const ValueRecord *record = builder_record(call->builder, value);
    *result = record->twin;
    if (record->twin != NO_INDEX) return STATUS_OK;
    const BuildValue *from = &record->value;
    TransposeParameters *parameters = call_allocate(call, 1, sizeof *parameters);
    if (!parameters) return call_no_memory(call);
    layout_axes(parameters, from->rank, !from->channels_last);
    Status status = builder_emit(call,
                                 &(Emit){.kernel = layouts_agree(from) ? &kernel_copy : &kernel_transpose,
                                         .parameters = parameters,
                                         .operator_name = layouts_agree(from) ? "Copy" : "Transpose",
                                         .input_count = 1,
                                         .inputs = &value,
                                         .type = from->type,
                                         .rank = from->rank,
                                         .shape = from->shape,
                                         .channels_last = !from->channels_last,
                                         .layer = NO_INDEX},
                                 result);
    if (status) return status;
    builder_record(call->builder, *result)->value.name = from->name;
    builder_record(call->builder, *result)->twin = value;
    builder_record(call->builder, value)->twin = *result;
    return STATUS_OK;
}

Status builder_plain(Call *call, size_t value, size_t *result)
{
    *result = value;
    return builder_value(call->builder, value)->channels_last ? change_layout(call, value, result)
                                                              : STATUS_OK;
}

Status builder_channels_last(Call *call, size_t value, size_t *result)
{
    const BuildValue *from = builder_value(call->builder, value);
    *result = value;
    if (from->rank < 3)
        return call_fail(call, STATUS_INVALID, "'%s' has rank %zu, which leaves no axes behind the channels",
                         from->name, from->rank);
    return from->channels_last ? STATUS_OK : change_layout(call, value, result);
}

/* --- layers ----------------------------------------------------------------------------------------- */

const BuildLayer *builder_get_layer(const Builder *builder, size_t layer)
{
    return &((LayerRecord *)blocks_at(&builder->layers, layer))->layer;
}

static bool same_origin(const LayerOrigin *a, const LayerOrigin *b)
{
    return a->weight == b->weight && a->bias == b->bias && a->groups == b->groups &&
           a->transposed == b->transposed && a->turned == b->turned && a->scale == b->scale &&
           a->bias_scale == b->bias_scale;
}

static LayerRecord *add_layer(Call *call, size_t groups, size_t m, size_t n, size_t *layer)
{
    size_t outputs = groups * m;
    LayerRecord *record = blocks_add(&call->builder->layers);
    if (!record) return NULL;
    *layer = call->builder->layers.count - 1;
    *record = (LayerRecord){.layer = {.groups = groups, .m = m, .n = n}, .next = NO_INDEX};
    record->layer.weights = call_allocate(call, outputs * n, sizeof(float));
    record->layer.bias = call_allocate(call, outputs, sizeof(float));
    return record->layer.weights && record->layer.bias ? record : NULL;
}

/* weights[g][o][c][t] = from[g][c][o][last - t]; taps: of each kernel */
static void copy_turned(BuildLayer *layer, const float *from, size_t taps)
{
    const size_t channels = layer->n / taps, m = layer->m;
    for (size_t g = 0; g < layer->groups; g++)
        for (size_t o = 0; o < m; o++)
            for (size_t c = 0; c < channels; c++)
                for (size_t t = 0; t < taps; t++)
                    layer->weights[((g * m + o) * channels + c) * taps + t] =
                        from[((g * channels + c) * m + o) * taps + taps - 1 - t];
}

static size_t count_taps(const BuildValue *weight)
{
    size_t taps = 1;
    for (size_t i = 2; i < weight->rank; i++) taps *= weight->shape[i];
    return taps;
}

static void copy_weights(BuildLayer *layer, const float *from)
{
    size_t outputs = layer->groups * layer->m, n = layer->n;
    float scale = layer->origin.scale;
    size_t row = layer->origin.transposed ? 1 : n, column = layer->origin.transposed ? outputs : 1;
    if (scale == 1 && !layer->origin.transposed) {
        memcpy(layer->weights, from, outputs * n * sizeof *from);
        return;
    }
    for (size_t i = 0; i < outputs; i++)
        for (size_t k = 0; k < n; k++) layer->weights[i * n + k] = scale * from[i * row + k * column];
}

static void copy_bias(BuildLayer *layer, const BuildValue *from)
{
    const float *bias = from->constant;
    layer->has_bias = true;
    for (size_t i = 0; i < layer->groups * layer->m; i++)
        layer->bias[i] = layer->origin.bias_scale * bias[from->elements == 1 ? 0 : i];
}

/* The layer that was made of the same, or NO_INDEX: the weights' latest layers are looked at. */
static size_t find_layer(const Builder *builder, const LayerOrigin *origin, size_t latest)
{
    for (size_t tries = 0; latest != NO_INDEX && tries < MOST_TRIES; tries++) {
        const LayerRecord *record = blocks_at(&builder->layers, latest);
        if (record->layer.fold_count == 0 && same_origin(&record->layer.origin, origin)) return latest;
        latest = record->next;
    }
    return NO_INDEX;
}

Status builder_layer(Call *call, const LayerOrigin *origin, size_t m, size_t n, size_t *layer)
{
    Builder *builder = call->builder;
    ValueRecord *weight = builder_record(builder, origin->weight);
    *layer = find_layer(builder, origin, weight->layer);
    if (*layer != NO_INDEX) return STATUS_OK;
    LayerRecord *record = add_layer(call, origin->groups, m, n, layer);
    if (!record) return call_no_memory(call);
    record->layer.origin = *origin;
    if (origin->turned)
        copy_turned(&record->layer, weight->value.constant, count_taps(&weight->value));
    else
        copy_weights(&record->layer, weight->value.constant);
    if (origin->bias != NO_INDEX) copy_bias(&record->layer, builder_value(builder, origin->bias));
    record->next = weight->layer;
    weight->layer = *layer;
    return STATUS_OK;
}

/* Gives a use a copy of the layer that it shares. */
static Status copy_layer(Call *call, Node *use)
{
    LayerRecord *shared = blocks_at(&call->builder->layers, use->layer);
    size_t number, outputs = shared->layer.groups * shared->layer.m;
    LayerRecord *own = add_layer(call, shared->layer.groups, shared->layer.m, shared->layer.n, &number);
    if (!own) return call_no_memory(call);
    memcpy(own->layer.weights, shared->layer.weights, outputs * shared->layer.n * sizeof(float));
    memcpy(own->layer.bias, shared->layer.bias, outputs * sizeof(float));
    own->layer.has_bias = shared->layer.has_bias;
    own->layer.origin = shared->layer.origin;
    own->layer.uses = 1;
    shared->layer.uses--;
    use->layer = number;
    return STATUS_OK;
}

/* Room grows when a power of two is reached: 1, 3, 5, 9 ... */
static Status note_fold(Call *call, BuildLayer *layer)
{
    const size_t count = layer->fold_count;
    if ((count & (count - 1)) == 0) {
        size_t *folds = call_allocate(call, 2 * count + 1, sizeof *folds);
        if (!folds) return call_no_memory(call);
        if (count) memcpy(folds, layer->folds, count * sizeof *folds);
        layer->folds = folds;
    }
    layer->folds[layer->fold_count++] = call->builder->current;
    return STATUS_OK;
}

Status builder_own_layer(Call *call, size_t node, BuildLayer **layer)
{
    Node *use = blocks_at(&call->builder->nodes, node);
    Status status =
        builder_get_layer(call->builder, use->layer)->uses > 1 ? copy_layer(call, use) : STATUS_OK;
    if (status) return status;
    *layer = &((LayerRecord *)blocks_at(&call->builder->layers, use->layer))->layer;
    return note_fold(call, *layer);
}

/* --- operators that are not supported --------------------------------------------------------------- */

static const Operator *find_operator(const Graph *graph, size_t node, int opset)
{
    const Onnx__NodeProto *proto = graph->proto->node[node];
    const char *domain = proto->domain ? proto->domain : "";
    if (*domain && strcmp(domain, "ai.onnx") != 0) return NULL;
    return proto->op_type ? operator_find(proto->op_type, opset) : NULL;
}

/* How often each unsupported operator occurs, and where first; in the order of the table. */
typedef struct Unsupported {
    NameTable table;
    Blocks found; /* of UnsupportedOperator */
    Arena texts;
} Unsupported;

typedef struct UnsupportedOperator {
    size_t node, count;
} UnsupportedOperator;

static bool note_unsupported(Unsupported *unsupported, const Graph *graph, size_t node)
{
    char text[LABEL];
    size_t number;
    bool is_new;
    graph_operator(graph, node, text, sizeof text);
    const char *name = arena_copy_text(&unsupported->texts, text, strlen(text));
    if (!name || !name_table_add(&unsupported->table, name, &number, &is_new)) return false;
    UnsupportedOperator *entry =
        is_new ? blocks_add(&unsupported->found) : blocks_at(&unsupported->found, number);
    if (!entry) return false;
    if (is_new) entry->node = node;
    entry->count++;
    return true;
}

/* "Foo (node 'a'), Bar (node 'b' and 3 more)" */
static void list_unsupported(const Unsupported *unsupported, const Graph *graph, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < unsupported->table.count && used < size; i++) {
        const UnsupportedOperator *entry = blocks_at(&unsupported->found, i);
        const char *name = graph->proto->node[entry->node]->name;
        char more[40] = "";
        if (entry->count > 1) snprintf(more, sizeof more, " and %zu more", entry->count - 1);
        int length = snprintf(text + used, size - used, "%s%s (node '%s'%s)", i ? ", " : "",
                              unsupported->table.names[i], name ? name : "", more);
        if (length < 0) return;
        used += (size_t)length;
    }
}

Status builder_check_operators(const Graph *graph, int opset, Message *message)
{
    Unsupported unsupported = {.found = {.size = sizeof(UnsupportedOperator)}, .texts = arena_make(SIZE_MAX)};
    bool fits = true;
    for (size_t i = 0; fits && i < graph->order_count; i++)
        if (!find_operator(graph, graph->order[i], opset))
            fits = note_unsupported(&unsupported, graph, graph->order[i]);
    char list[900] = "";
    list_unsupported(&unsupported, graph, list, sizeof list);
    Status status = STATUS_OK;
    if (!fits)
        status = status_no_memory(message, "operators");
    else if (unsupported.table.count > 0)
        status = status_fail(message, STATUS_UNSUPPORTED,
                             "operators that opset %d has not, or that are not supported: %s", opset, list);
    name_table_free(&unsupported.table);
    blocks_free(&unsupported.found);
    arena_free(&unsupported.texts);
    return status;
}

/* --- the walk --------------------------------------------------------------------------------------- */

static Status read_initializer(Builder *builder, size_t name, Message *message)
{
    OnnxTensor tensor;
    Status status = onnx_tensor_read(&tensor, builder->graph->names[name].initializer,
                                     &builder->file->external, &builder->scratch, message);
    if (status) return status;
    ValueRecord *record = add_value(builder, graph_name(builder->graph, name), tensor.type, tensor.rank,
                                    tensor.shape, &builder->bound[name]);
    if (!record) return status_no_memory(message, "initializers");
    record->value.constant = tensor.data;
    record->value.file_type = builder->graph->names[name].initializer->data_type;
    record->value.uses = builder->graph->names[name].uses;
    return STATUS_OK;
}

/* The values of a node's inputs; initializers become values when they are first met. */
static Status bind_inputs(Call *call, size_t *inputs, Message *message)
{
    Builder *builder = call->builder;
    const Onnx__NodeProto *node = call->node;
    for (size_t i = 0; i < node->n_input; i++) {
        size_t name = graph_input(builder->graph, builder->current, i);
        inputs[i] = NO_INDEX;
        if (name == NO_INDEX) continue;
        if (builder->bound[name] == NO_INDEX) {
            Status status =
                builder->graph->names[name].initializer
                    ? read_initializer(builder, name, message)
                    : call_fail(call, STATUS_UNSUPPORTED, "its input '%s' is an output that is not computed",
                                graph_name(builder->graph, name));
            if (status) return status;
        }
        inputs[i] = builder->bound[name];
        call->input_count = i + 1;
    }
    call->inputs = inputs;
    return STATUS_OK;
}

static Status check_inputs(Call *call, const Operator *operator)
{
    if (call->input_count < operator->least_inputs || call->input_count> operator->most_inputs)
        return call_fail(call, STATUS_INVALID, "%zu inputs", call->input_count);
    const size_t needed = operator->most_inputs == SIZE_MAX ? call->input_count : operator->least_inputs;
    for (size_t i = 0; i < needed; i++)
        if (!call_has(call, i)) return call_fail(call, STATUS_INVALID, "input %zu is missing", i);
    return STATUS_OK;
}

/* The outputs that live nodes use must be there afterwards. */
static Status check_outputs(Call *call)
{
    const Graph *graph = call->builder->graph;
    for (size_t i = 0; i < call->output_count; i++) {
        size_t name = graph_output(graph, call->builder->current, i);
        if (name == NO_INDEX || graph->names[name].uses == 0) continue;
        if (call->builder->bound[name] == NO_INDEX)
            return call_fail(call, STATUS_UNSUPPORTED, "its output '%s' is not computed",
                             graph_name(graph, name));
    }
    return STATUS_OK;
}

/* Softmax over all of an image's outputs, which nothing but the output uses: the classes keep their order
 * without it, so it is set aside, and the outputs are its logits. */
static bool is_final_softmax(Call *call)
{
    const Graph *graph = call->builder->graph;
    if (strcmp(call->operator_name, "Softmax") != 0 || call->output_count == 0) return false;
    size_t name = graph_output(graph, call->builder->current, 0);
    if (name != graph->output || graph->names[name].uses != 1) return false;
    const BuildValue *x = call_value(call, 0);
    int64_t axis = attribute_int(call, "axis", call->opset < 13 ? 1 : -1);
    if (axis < 0) axis += (int64_t)x->rank;
    if (axis < 1 || axis >= (int64_t)x->rank || x->constant) return false;
    if (call->opset < 13) return axis == 1;
    return x->elements == x->shape[0] * x->shape[axis];
}

static Status build(Call *call, const Operator *operator)
{
    Status status = check_inputs(call, operator);
    if (status) return status;
    if (is_final_softmax(call)) {
        call->builder->softmax_removed = true;
        return call_bind(call, 0, call->inputs[0]);
    }
    status = operator->build(call);
    if (!call->builder->attribute_failed) return status ? status : check_outputs(call);
    /* What failed after it, if anything, is a consequence. */
    if (call->message) *call->message = call->builder->attribute_message;
    return STATUS_INVALID;
}

/* The file's name, or one made of the operator and the position. */
static const char *call_name(Builder *builder, size_t node)
{
    const Onnx__NodeProto *proto = builder->graph->proto->node[node];
    if (proto->name && *proto->name) return proto->name;
    char text[LABEL];
    int length = snprintf(text, sizeof text, "%.150s_%zu", proto->op_type, node);
    return arena_copy_text(&builder->scratch, text, (size_t)length);
}

static Status build_node(Builder *builder, size_t node, Message *message)
{
    const Onnx__NodeProto *proto = builder->graph->proto->node[node];
    Call call = {.builder = builder,
                 .name = call_name(builder, node),
                 .operator_name = proto->op_type,
                 .opset = builder->file->opset,
                 .output_count = proto->n_output,
                 .node = proto,
                 .message = message};
    builder->current = node;
    builder->first_node = builder->nodes.count;
    size_t *inputs = arena_new(&builder->scratch, size_t, proto->n_input);
    if (!call.name || !inputs) return status_no_memory(message, "nodes");
    Status status = bind_inputs(&call, inputs, message);
    return status ? status : build(&call, find_operator(builder->graph, node, builder->file->opset));
}

static Status bind_image(Builder *builder, const BuildValue *image, Message *message)
{
    const char *name = graph_name(builder->graph, builder->graph->input);
    ValueRecord *record = add_value(builder, name, ELEMENT_FLOAT, image->rank, image->shape, &builder->input);
    if (!record) return status_no_memory(message, "the input");
    record->value.channels_last = image->channels_last;
    record->value.uses = builder->graph->names[builder->graph->input].uses;
    builder->bound[builder->graph->input] = builder->input;
    return STATUS_OK;
}

/* The output in ONNX's order, one vector an image. */
static Status bind_output(Builder *builder, Message *message)
{
    const char *name = graph_name(builder->graph, builder->graph->output);
    builder->output = builder->bound[builder->graph->output];
    const BuildValue *value = builder_value(builder, builder->output);
    if (value->constant) return status_fail(message, STATUS_UNSUPPORTED, "the output '%s' is constant", name);
    if (value->type != ELEMENT_FLOAT)
        return status_fail(message, STATUS_UNSUPPORTED, "the output '%s' is not float", name);
    if (value->rank == 0 || value->shape[0] != builder->batch)
        return status_fail(message, STATUS_UNSUPPORTED,
                           "the first dimension of the output '%s' is %zu for a batch of %zu", name,
                           value->rank ? value->shape[0] : 1, builder->batch);
    Call call = {.builder = builder,
                 .name = name,
                 .operator_name = "output",
                 .opset = builder->file->opset,
                 .message = message};
    return builder_plain(&call, builder->output, &builder->output);
}

Status builder_run(Builder *builder, const OnnxFile *file, const Graph *graph, Arena *arena, size_t ceiling,
                   const BuildValue *image, Message *message)
{
    *builder = (Builder){.file = file,
                         .graph = graph,
                         .arena = arena,
                         .scratch = {.ceiling = ceiling, .beside = arena},
                         .ceiling = ceiling,
                         .batch = image->shape[0],
                         .values = {.size = sizeof(ValueRecord)},
                         .nodes = {.size = sizeof(Node)},
                         .layers = {.size = sizeof(LayerRecord)}};
    arena->beside = &builder->scratch;
    builder->bound = malloc((graph->table.count + 1) * sizeof *builder->bound);
    if (!builder->bound) return status_no_memory(message, "names");
    for (size_t i = 0; i < graph->table.count; i++) builder->bound[i] = NO_INDEX;
    Status status = bind_image(builder, image, message);
    for (size_t i = 0; !status && i < graph->order_count; i++)
        status = build_node(builder, graph->order[i], message);
    return status ? status : bind_output(builder, message);
}

void builder_end(Builder *builder)
{
    blocks_free(&builder->values);
    blocks_free(&builder->nodes);
    blocks_free(&builder->layers);
    free(builder->bound);
    arena_free(&builder->scratch);
    if (builder->arena) builder->arena->beside = NULL;
    *builder = (Builder){0};
}
