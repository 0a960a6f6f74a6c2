/* SPDX-License-Identifier: MIT */
/* Writes small networks, an input for each, and its output here, for another program to compare:
 *
 *     peer_networks FOLDER            NAME.onnx, NAME.in and NAME.out (floats, in ONNX's order) for each
 * network peer_networks FOLDER NAME...    NAME.in and NAME.out for networks that are there
 */
#include "graph_text.h"

#include "network/network.h"
#include "network/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct PeerNetwork {
    const char *name;
    int opset;
    size_t shape[4];
    const char *text;
} PeerNetwork;

/* Pre-norm attention as a vision transformer's exporter writes it: D = 24, 3 heads, 9 patches and a class
 * token.
 */
#define ATTENTION(IN, OUT, SEED)                                                                             \
    OUT "n=LayerNormalization(" IN ",{24}#" SEED "1,{24}#" SEED "2); " OUT "w=MatMul(" OUT "n,{24,72}#" SEED \
        "3); " OUT "b=Add({72}#" SEED "4," OUT "w); " OUT "r=Reshape(" OUT "b,[1,10,3,3,8]); " OUT           \
        "t=Transpose(" OUT "r) perm=[2,0,3,1,4]; " OUT "q=Gather(" OUT "t,0) axis=0; " OUT "k=Gather(" OUT   \
        "t,1) axis=0; " OUT "v=Gather(" OUT "t,2) axis=0; " OUT "kt=Transpose(" OUT                          \
        "k) perm=[0,1,3,2]; " OUT "s=MatMul(" OUT "q," OUT "kt); " OUT "m=Mul(" OUT "s,0.0353553); " OUT     \
        "p=Softmax(" OUT "m) axis=-1; " OUT "a=MatMul(" OUT "p," OUT "v); " OUT "at=Transpose(" OUT          \
        "a) perm=[0,2,1,3]; " OUT "ar=Reshape(" OUT "at,[1,10,24]); " OUT "o=MatMul(" OUT "ar,{24,24}#" SEED \
        "5); " OUT "=Add(" IN "," OUT "o); "

/* The perceptron behind it, with GELU in its exported form */
#define PERCEPTRON(IN, OUT, SEED)                                                                            \
    OUT "n=LayerNormalization(" IN ",{24}#" SEED "6,{24}#" SEED "7); " OUT "u=MatMul(" OUT "n,{24,48}#" SEED \
        "8); " OUT "d=Div(" OUT "u,1.4142135); " OUT "e=Erf(" OUT "d); " OUT "f=Add(" OUT "e,1.0); " OUT     \
        "g=Mul(" OUT "u," OUT "f); " OUT "h=Mul(" OUT "g,0.5); " OUT "o=MatMul(" OUT "h,{48,24}#" SEED       \
        "9); " OUT "=Add(" IN "," OUT "o); "

static const PeerNetwork networks[] = {
    {"attention",
     17,
     {1, 3, 12, 12},
     "c=Conv(x,{24,3,4,4}#1,{24}#2) strides=[4,4]; f=Reshape(c,[1,24,9]); t=Transpose(f) perm=[0,2,1]; "
     "k=Expand({1,1,24}#3,[1,1,24]); j=Concat(k,t) axis=1; z=Add(j,{1,10,24}#4); " ATTENTION("z", "a", "1")
         PERCEPTRON("a", "b", "2") ATTENTION("b", "c1", "3")
             PERCEPTRON("c1", "d1", "4") "n=LayerNormalization(d1,{24}#5,{24}#6); h=Gather(n,0) axis=1; "
                                         "y=Gemm(h,{7,24}#8,{7}#9) transB=1"},
    {"window_attention",
     13,
     {2, 12, 4, 6},
     "t=Transpose(x) perm=[0,2,3,1]; w=Reshape(t,[2,2,2,3,2,12]); p=Transpose(w) perm=[0,1,3,2,4,5]; "
     "r=Reshape(p,[12,4,12]); q=MatMul(r,{12,12}#1); k=MatMul(r,{12,12}#2); v=MatMul(r,{12,12}#3); "
     "kt=Transpose(k) perm=[0,2,1]; s=MatMul(q,kt); g=Mul(s,0.02); b=Add(g,{1,4,4}#4); "
     "i=Reshape([0,1,2,3],[4,1]); j=Reshape([0,1,2,3],[1,4]); m=Greater(j,i); u=Where(m,-1e9,b); "
     "e=Softmax(u) axis=2; a=MatMul(e,v); l=Reshape(a,[2,2,3,2,2,12]); n=Transpose(l) perm=[0,1,3,2,4,5]; "
     "o=Reshape(n,[2,4,6,12]); z=Transpose(o) perm=[0,3,1,2]; d=Add(z,x); y=ReduceMean(d) axes=[2,3] "
     "keepdims=0"},
    {"gated",
     14,
     {2, 3, 14, 14},
     "a=Conv(x,{16,3,3,3}#1,{16}#2) strides=[2,2] pads=[1,1,1,1]; b=HardSwish(a); "
     "c=Conv(b,{16,1,5,5}#3) group=16 pads=[2,2,2,2]; d=Relu(c); g=GlobalAveragePool(d); "
     "e=Conv(g,{4,16,1,1}#4,{4}#5); f=Relu(e); h=Conv(f,{16,4,1,1}#6,{16}#7); i=HardSigmoid(h) "
     "alpha=0.16666667; "
     "j=Mul(d,i); k=Conv(j,{24,16,1,1}#8); s=Sigmoid(k); l=Mul(k,s); m=ReduceMean(l) axes=[2,3]; "
     "n=Conv(m,{24,24,1,1}#9); o=Sigmoid(n); p=Mul(o,l); q=GlobalMaxPool(p); r=Flatten(q); "
     "y=Gemm(r,{24,10}#1)"},
    {"upsampling",
     13,
     {2, 3, 16, 12},
     "a=Conv(x,{8,3,3,3}#1) pads=[1,1,1,1]; b=LeakyRelu(a) alpha=0.2; d=MaxPool(b) kernel_shape=[2,2] "
     "strides=[2,2]; "
     "e=Conv(d,{12,8,3,3}#2) pads=[1,1,1,1]; f=InstanceNormalization(e,{12}#3,{12}#4); "
     "g=PRelu(f,{12,1,1}#5); h=ConvTranspose(g,{12,8,4,4}#6,{8}#7) strides=[2,2] pads=[1,1,1,1]; "
     "i=Concat(h,b) axis=1; j=Conv(i,{6,16,3,3}#8) pads=[1,1,1,1]; k=Elu(j); "
     "l=Resize(g,-,[1.0,1.0,2.0,2.0]) mode='linear' coordinate_transformation_mode='pytorch_half_pixel'; "
     "m=Resize(g,-,-,[2,12,16,12]) mode='linear' coordinate_transformation_mode='align_corners'; "
     "n=Resize(g,-,[1.0,1.0,2.0,2.0]) mode='cubic' cubic_coeff_a=-0.75; "
     "o=Resize(g,-,[1.0,1.0,2.0,2.0]) coordinate_transformation_mode='asymmetric' nearest_mode='floor'; "
     "p=Conv(o,{24,12,1,1}#9); q=DepthToSpace(p) blocksize=2; r=AveragePool(q) kernel_shape=[2,2] "
     "strides=[2,2]; "
     "y=Concat(k,l,m,n,r) axis=1"},
    {"branches",
     12,
     {2, 4, 15, 13},
     "a=Conv(x,{12,2,3,3}#1,{12}#2) group=2 auto_pad='SAME_UPPER' strides=[2,2]; l=LRN(a) size=5 "
     "alpha=0.001; "
     "b,c,d=Split(l) axis=1 split=[4,4,4]; e=Softplus(b); f=Tanh(c); g=Selu(d); "
     "h=MaxPool(e) kernel_shape=[3,3] strides=[2,2] ceil_mode=1; "
     "i=AveragePool(f) kernel_shape=[3,3] strides=[2,2] ceil_mode=1 count_include_pad=1 pads=[1,0,0,0]; "
     "p=Pad(g,[0,0,1,1,0,0,0,0]) mode='reflect'; j=Conv(p,{4,4,3,3}#3) strides=[2,2] pads=[0,0,1,0]; "
     "k=Max(h,j); m=Min(h,j); n=Sum(h,j,k); o=Mean(h,m); q=Concat(k,m,n,o,j) axis=1; "
     "r=Reshape(q,[2,5,4,-1]); s=Transpose(r) perm=[0,2,1,3]; t=Reshape(s,[2,20,-1]); u=ReduceSum(t) "
     "axes=[2]; "
     "v=ReduceMax(t) axes=[2]; w=ReduceL2(t) axes=[2]; z=Concat(u,v,w) axis=1; n1=Abs(z); n2=Sqrt(n1); "
     "n3=Log(n1); n4=Floor(z); n5=Concat(n2,n3,n4) axis=2; y=Flatten(n5)"},
    {"latest",
     21,
     {2, 8, 9, 9},
     "a=Conv(x,{8,8,3,3}#1) pads=[1,1,1,1]; b=GroupNormalization(a,{8}#2,{8}#3) num_groups=4; c=Gelu(b); "
     "d=Gelu(b) approximate='tanh'; e=Mish(b); f=Add(c,d); g=Add(f,e); "
     "h=Resize(g,-,[1.0,1.0,0.5,0.5]) mode='linear' antialias=1; p=Pad(h,[0,0,1,1,0,0,1,1]) mode='wrap'; "
     "i=ReduceMax(p,[2,3]); j=ReduceMean(p,[2,3]) keepdims=0; k=Flatten(i); l=Concat(j,k) axis=1; "
     "m,n=TopK(l,[5]) axis=1; o=Cast(n) to=1; q=ArgMax(l) axis=1; r=Cast(q) to=1; s=LogSoftmax(l) axis=1; "
     "t=Einsum(p,{8,3}#4) equation='nchw,cd->ndhw'; u=ReduceMin(t,[2,3]) keepdims=0; "
     "y=Concat(m,o,r,s,u) axis=1"},
    {"lines",
     13,
     {2, 6, 8, 5},
     "a=Reshape(x,[2,6,40]); b=Conv(a,{10,3,5}#1,{10}#2) group=2 strides=[2] pads=[2,2]; c=Relu(b); "
     "d=MaxPool(c) kernel_shape=[3] strides=[2]; e=ConvTranspose(d,{10,4,4}#3) strides=[3] pads=[1,1]; "
     "f=AveragePool(e) kernel_shape=[4] strides=[2]; g=Erf(f); y=Flatten(g)"},
};

static void write_floats(const char *folder, const char *name, const char *ending, const float *values,
                         size_t count)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(values, sizeof *values, count, file), count);
    assert_int_equal(fclose(file), 0);
}

/* image[n][h][w][c], as the network takes it, from file[n][c][h][w] */
static void fill_image(float *image, const float *file, const size_t *shape)
{
    const size_t channels = shape[1], pixels = shape[2] * shape[3];
    for (size_t i = 0; i < shape[0] * channels * pixels; i++) {
        const size_t pixel = i % pixels, c = i / pixels % channels, n = i / pixels / channels;
        image[(n * pixels + pixel) * channels + c] = file[i];
    }
}

/* NAME.in, a tile of noise, and NAME.out, for the network FOLDER/NAME.onnx. */
static void run_network(const char *folder, const char *name)
{
    char path[600];
    Message message = {0};
    Network *network;
    Workspace *workspace;
    snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    if (network_open(&network, path, &(NetworkOptions){0}, &message)) fail_msg("%s", message.text);
    if (workspace_create(&workspace, network, &message)) fail_msg("%s", message.text);
    const size_t shape[] = {network->batch, network->channels, network->height, network->width};
    const size_t count = network->values[network->input].elements;
    const size_t outputs = network->output_elements * network->batch;
    float *file = calloc(count, sizeof *file), *image = calloc(count, sizeof *image);
    float *output = calloc(outputs, sizeof *output);
    assert_true(file && image && output);
    for (size_t i = 0; i < count; i++) file[i] = graph_random(99, i) / 2;
    fill_image(image, file, shape);
    if (network_run(network, output, image, NULL, workspace, &message)) fail_msg("%s", message.text);
    write_floats(folder, name, "in", file, count);
    write_floats(folder, name, "out", output, outputs);
    printf("%s: %zu images, %zu nodes, %zu layers, %zu outputs\n", name, network->batch, network->node_count,
           network->layer_count, outputs);
    free(file);
    free(image);
    free(output);
    workspace_free(workspace);
    network_free(network);
}

static void write_network(const char *folder, const PeerNetwork *peer)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s.onnx", folder, peer->name);
    graph_write(path, peer->text, peer->opset, peer->shape);
    run_network(folder, peer->name);
}

int main(int count, char **arguments)
{
    if (count < 2) return 2;
    for (size_t i = 0; count == 2 && i < sizeof networks / sizeof *networks; i++)
        write_network(arguments[1], &networks[i]);
    for (int i = 2; i < count; i++) run_network(arguments[1], arguments[i]);
    return 0;
}
