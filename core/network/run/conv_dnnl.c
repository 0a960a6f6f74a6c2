/* SPDX-License-Identifier: MIT */
/* Convolution by oneDNN 2.x on one thread: NHWC activations, weights in the format that the library prefers.
 */
#include "network/run/conv_kernels.h"

#include <dnnl.h>
#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define RANK 4

typedef struct DnnlPlan {
    ConvPlan plan;
    dnnl_primitive_t alone, with_clamp; /* with_clamp: NULL if fusing would change bits */
    dnnl_memory_desc_t in, out, weights, bias, scratch, scratch_with_clamp;
    dnnl_memory_desc_t given_weights; /* as in the file */
} DnnlPlan;

typedef struct DnnlWeights {
    ConvWeights base;
    dnnl_memory_t weights, bias;
} DnnlWeights;

/* Made once, for the life of the process. It has no state that runs could change. */
static dnnl_engine_t engine;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;

static void make_engine(void)
{
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

static Status fail(Message *message, dnnl_status_t status, const char *what)
{
    if (status == dnnl_out_of_memory) return status_no_memory(message, "a convolution");
    return status_fail(message, STATUS_UNSUPPORTED, "oneDNN cannot %s (status %d)", what, (int)status);
}

/* --- plans ------------------------------------------------------------------------------------------ */

static void describe_memory(DnnlPlan *plan, bool any_weights)
{
    const ConvGeometry *s = &plan->plan.shape;
    dnnl_dim_t batch = (dnnl_dim_t)s->batch, groups = (dnnl_dim_t)s->groups, m = (dnnl_dim_t)s->m;
    dnnl_dim_t channels = (dnnl_dim_t)s->channels, kh = (dnnl_dim_t)s->kernel_h, kw = (dnnl_dim_t)s->kernel_w;
    dnnl_dims_t in = {batch, groups * channels, (dnnl_dim_t)s->in_h, (dnnl_dim_t)s->in_w};
    dnnl_dims_t out = {batch, groups * m, (dnnl_dim_t)s->out_h, (dnnl_dim_t)s->out_w};
    dnnl_dims_t bias = {groups * m}, single = {m, channels, kh, kw}, grouped = {groups, m, channels, kh, kw};
    bool is_grouped = groups > 1;
    dnnl_format_tag_t given = is_grouped ? dnnl_goihw : dnnl_oihw;
    dnnl_memory_desc_init_by_tag(&plan->in, RANK, in, dnnl_f32, dnnl_nhwc);
    dnnl_memory_desc_init_by_tag(&plan->out, RANK, out, dnnl_f32, dnnl_nhwc);
    dnnl_memory_desc_init_by_tag(&plan->bias, 1, bias, dnnl_f32, dnnl_x);
    int rank = RANK + is_grouped;
    const dnnl_dim_t *dims = is_grouped ? grouped : single;
    dnnl_memory_desc_init_by_tag(&plan->given_weights, rank, dims, dnnl_f32, given);
    dnnl_memory_desc_init_by_tag(&plan->weights, rank, dims, dnnl_f32,
                                 any_weights ? dnnl_format_tag_any : given);
}

static dnnl_status_t describe_convolution(dnnl_convolution_desc_t *result, const DnnlPlan *plan,
                                          dnnl_alg_kind_t algorithm)
{
    const ConvGeometry *s = &plan->plan.shape;
    dnnl_dims_t strides = {(dnnl_dim_t)s->stride_h, (dnnl_dim_t)s->stride_w};
    dnnl_dims_t dilations = {(dnnl_dim_t)s->dilation_h - 1, (dnnl_dim_t)s->dilation_w - 1};
    dnnl_dims_t before = {(dnnl_dim_t)s->pad_top, (dnnl_dim_t)s->pad_left};
    dnnl_dims_t after = {(dnnl_dim_t)s->pad_bottom, (dnnl_dim_t)s->pad_right};
    return dnnl_dilated_convolution_forward_desc_init(result, dnnl_forward_inference, algorithm, &plan->in,
                                                      &plan->weights, &plan->bias, &plan->out, strides,
                                                      dilations, before, after);
}

/* The caller gives the scratch memory. clamp: applied to the output, NULL for none. */
static dnnl_status_t make_attributes(dnnl_primitive_attr_t *result, const Clamp *clamp)
{
    dnnl_post_ops_t operations = NULL;
    dnnl_status_t status = dnnl_primitive_attr_create(result);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_scratchpad_mode(*result, dnnl_scratchpad_mode_user);
    if (status != dnnl_success || !clamp) return status;
    bool is_relu = clamp->low == 0 && isinf(clamp->high);
    status = dnnl_post_ops_create(&operations);
    if (status == dnnl_success)
        status = dnnl_post_ops_append_eltwise(operations, 1, is_relu ? dnnl_eltwise_relu : dnnl_eltwise_clip,
                                              is_relu ? 0 : clamp->low, is_relu ? 0 : clamp->high);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*result, operations);
    dnnl_post_ops_destroy(operations);
    return status;
}

static dnnl_status_t make_descriptor(dnnl_primitive_desc_t *result, const DnnlPlan *plan, const Clamp *clamp)
{
    static const dnnl_alg_kind_t algorithms[] = {dnnl_convolution_direct, dnnl_convolution_auto};
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_status_t status = make_attributes(&attributes, clamp);
    bool made = false;
    for (size_t i = 0; status == dnnl_success && !made && i < sizeof algorithms / sizeof *algorithms; i++) {
        dnnl_convolution_desc_t convolution;
        status = describe_convolution(&convolution, plan, algorithms[i]);
        made = status == dnnl_success &&
               dnnl_primitive_desc_create(result, &convolution, attributes, engine, NULL) == dnnl_success;
    }
    dnnl_primitive_attr_destroy(attributes);
    if (status != dnnl_success) return status;
    return made ? dnnl_success : dnnl_unimplemented;
}

static const char *implementation(const_dnnl_primitive_desc_t descriptor)
{
    const char *name = "";
    dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &name);
    return name;
}

/* The clamp is fused only if the same kernel runs, so that fusing changes no bit. */
static dnnl_status_t plan_clamp(DnnlPlan *plan, const_dnnl_primitive_desc_t alone, const Clamp *clamp)
{
    dnnl_primitive_desc_t descriptor;
    if (make_descriptor(&descriptor, plan, clamp) != dnnl_success) return dnnl_success;
    const dnnl_memory_desc_t *weights = dnnl_primitive_desc_query_md(descriptor, dnnl_query_weights_md, 0);
    dnnl_status_t status = dnnl_success;
    if (dnnl_memory_desc_equal(weights, &plan->weights) &&
        strcmp(implementation(descriptor), implementation(alone)) == 0) {
        plan->scratch_with_clamp = *dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
        status = dnnl_primitive_create(&plan->with_clamp, descriptor);
        plan->plan.has_clamp = status == dnnl_success;
        plan->plan.clamp = *clamp;
    }
    dnnl_primitive_desc_destroy(descriptor);
    return status;
}

static dnnl_status_t plan_primitives(DnnlPlan *plan, const Clamp *clamp)
{
    dnnl_primitive_desc_t descriptor;
    dnnl_status_t status = make_descriptor(&descriptor, plan, NULL);
    if (status != dnnl_success) return status;
    plan->weights = *dnnl_primitive_desc_query_md(descriptor, dnnl_query_weights_md, 0);
    plan->scratch = *dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
    status = dnnl_primitive_create(&plan->alone, descriptor);
    if (status == dnnl_success && clamp) status = plan_clamp(plan, descriptor, clamp);
    dnnl_primitive_desc_destroy(descriptor);
    size_t alone = dnnl_memory_desc_get_size(&plan->scratch);
    size_t fused = plan->with_clamp ? dnnl_memory_desc_get_size(&plan->scratch_with_clamp) : 0;
    plan->plan.scratch = alone > fused ? alone : fused;
    return status;
}

static void plan_free_dnnl(ConvPlan *base)
{
    if (!base) return;
    DnnlPlan *plan = (DnnlPlan *)base;
    if (plan->alone) dnnl_primitive_destroy(plan->alone);
    if (plan->with_clamp) dnnl_primitive_destroy(plan->with_clamp);
    free(plan);
}

static Status plan_dnnl(ConvPlan **result, const ConvGeometry *shape, const Clamp *clamp, Message *message)
{
    *result = NULL;
    pthread_once(&engine_once, make_engine);
    if (!engine) return status_fail(message, STATUS_UNSUPPORTED, "oneDNN cannot use this processor");
    omp_set_num_threads(1); /* kernels are planned for the current number of threads */
    DnnlPlan *plan = calloc(1, sizeof *plan);
    if (!plan) return status_no_memory(message, "a convolution");
    plan->plan.backend = &conv_dnnl;
    plan->plan.shape = *shape;
    describe_memory(plan, true);
    dnnl_status_t status = plan_primitives(plan, clamp);
    if (status == dnnl_success) {
        *result = &plan->plan;
        return STATUS_OK;
    }
    plan_free_dnnl(&plan->plan);
    return fail(message, status, "run this convolution");
}

static bool same_format_dnnl(const ConvPlan *a, const ConvPlan *b)
{
    return dnnl_memory_desc_equal(&((const DnnlPlan *)a)->weights, &((const DnnlPlan *)b)->weights);
}

/* --- weights ---------------------------------------------------------------------------------------- */

static void weights_free_dnnl(ConvWeights *base)
{
    DnnlWeights *packed = (DnnlWeights *)base;
    if (packed->weights) dnnl_memory_destroy(packed->weights);
    if (packed->bias) dnnl_memory_destroy(packed->bias);
    free(packed);
}

static dnnl_status_t reorder(dnnl_memory_t to, const dnnl_memory_desc_t *to_format, dnnl_memory_t from,
                             const dnnl_memory_desc_t *from_format)
{
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_primitive_t primitive = NULL;
    dnnl_stream_t stream = NULL;
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    dnnl_status_t status =
        dnnl_reorder_primitive_desc_create(&descriptor, from_format, engine, to_format, engine, NULL);
    if (status == dnnl_success) status = dnnl_primitive_create(&primitive, descriptor);
    if (status == dnnl_success) status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    if (status == dnnl_success) status = dnnl_primitive_execute(primitive, stream, 2, arguments);
    if (status == dnnl_success) status = dnnl_stream_wait(stream);
    dnnl_stream_destroy(stream);
    dnnl_primitive_destroy(primitive);
    dnnl_primitive_desc_destroy(descriptor);
    return status;
}

static dnnl_status_t pack(DnnlWeights *packed, const DnnlPlan *plan, const float *weights, const float *bias)
{
    dnnl_memory_t given = NULL;
    void *copy = NULL;
    size_t outputs = plan->plan.shape.groups * plan->plan.shape.m;
    dnnl_status_t status = dnnl_memory_create(&given, &plan->given_weights, engine, (void *)weights);
    if (status == dnnl_success)
        status = dnnl_memory_create(&packed->weights, &plan->weights, engine, DNNL_MEMORY_ALLOCATE);
    if (status == dnnl_success)
        status = dnnl_memory_create(&packed->bias, &plan->bias, engine, DNNL_MEMORY_ALLOCATE);
    if (status == dnnl_success)
        status = reorder(packed->weights, &plan->weights, given, &plan->given_weights);
    if (status == dnnl_success) status = dnnl_memory_get_data_handle(packed->bias, &copy);
    if (status == dnnl_success) memcpy(copy, bias, outputs * sizeof *bias);
    dnnl_memory_destroy(given);
    return status;
}

static Status pack_dnnl(ConvWeights **result, const ConvPlan *plan, const float *weights, const float *bias,
                        Message *message)
{
    *result = NULL;
    omp_set_num_threads(1);
    DnnlWeights *packed = calloc(1, sizeof *packed);
    if (!packed) return status_no_memory(message, "weights");
    packed->base.backend = &conv_dnnl;
    dnnl_status_t status = pack(packed, (const DnnlPlan *)plan, weights, bias);
    if (status == dnnl_success) {
        *result = &packed->base;
        return STATUS_OK;
    }
    weights_free_dnnl(&packed->base);
    return fail(message, status, "pack weights");
}

/* --- running ---------------------------------------------------------------------------------------- */

static dnnl_status_t execute(dnnl_primitive_t primitive, dnnl_exec_arg_t arguments[5])
{
    dnnl_stream_t stream = NULL;
    dnnl_status_t status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    if (status == dnnl_success) status = dnnl_primitive_execute(primitive, stream, 5, arguments);
    if (status == dnnl_success) status = dnnl_stream_wait(stream);
    dnnl_stream_destroy(stream);
    return status;
}

/* Memory objects hold pointers: each run makes its own. */
static Status run_dnnl(const ConvPlan *base, float *out, const float *in, const ConvWeights *base_weights,
                       bool with_clamp, void *scratch, Message *message)
{
    const DnnlPlan *plan = (const DnnlPlan *)base;
    const DnnlWeights *packed = (const DnnlWeights *)base_weights;
    dnnl_memory_t source = NULL, result = NULL, pad = NULL;
    omp_set_num_threads(1);
    dnnl_status_t status = dnnl_memory_create(&source, &plan->in, engine, (void *)in);
    if (status == dnnl_success) status = dnnl_memory_create(&result, &plan->out, engine, out);
    if (status == dnnl_success)
        status = dnnl_memory_create(&pad, with_clamp ? &plan->scratch_with_clamp : &plan->scratch, engine,
                                    scratch);
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, source},
                                   {DNNL_ARG_WEIGHTS, packed->weights},
                                   {DNNL_ARG_BIAS, packed->bias},
                                   {DNNL_ARG_DST, result},
                                   {DNNL_ARG_SCRATCHPAD, pad}};
    if (status == dnnl_success) status = execute(with_clamp ? plan->with_clamp : plan->alone, arguments);
    dnnl_memory_destroy(source);
    dnnl_memory_destroy(result);
    dnnl_memory_destroy(pad);
    return status == dnnl_success ? STATUS_OK : fail(message, status, "run a convolution");
}

const ConvBackend conv_dnnl = {
    .name = "oneDNN " TEXT(DNNL_VERSION_MAJOR) "." TEXT(DNNL_VERSION_MINOR) "." TEXT(DNNL_VERSION_PATCH),
    .plan = plan_dnnl,
    .plan_free = plan_free_dnnl,
    .same_format = same_format_dnnl,
    .pack = pack_dnnl,
    .weights_free = weights_free_dnnl,
    .run = run_dnnl};
