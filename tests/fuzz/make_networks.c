/* SPDX-License-Identifier: MIT */
/* Writes the networks that the ONNX harness starts from: make_networks FOLDER. One or more operators each. */
#include "graph_text.h"
#include "onnx_build.h"

#include <stdio.h>

typedef struct Seed {
    const char *name;
    int opset;
    const char *text;
} Seed;

static const Seed seeds[] = {
    {"arithmetic", 13,
     "a=Add([3,4],-5); b=Sub(a,[1]); c=Mul(b,[2,2]); d=Div(c,[-1,3]); e=Mod(d,7); f=Pow(e,2); "
     "g=Max(f,[1,1]); "
     "h=Min(g,[60,60]); n=Neg(h); m=Abs(n); q=Equal(m,m); l=Less(m,0); o=Xor(q,l); k=Cast(o) to=7; "
     "z=Mul(k,0); "
     "r=Concat([0],z,[-1]) axis=0; t=Gather(r,[0,3]); y=Reshape(x,t)"},
    {"blocks", 13,
     "c=Conv(x,{8,3,3,3}#1) pads=[1,1,1,1]; d=Conv(c,{8,8,3,3}#2) pads=[1,1,1,1]; "
     "y=Conv(d,{8,8,3,3}#3,{8}#4)"},
    {"clip6", 7, "a=Clip(x) min=-0.5 max=1.0; y=Pad(a) pads=[0,0,1,2,0,0,-1,3] value=0.5"},
    {"codes", 13,
     "q=QuantizeLinear(x,0.1,-); d=DequantizeLinear(q,0.1,-); c=Conv(d,{4,3,3,3}#1); i=Cast(c) to=7; "
     "f=Cast(i) to=1; g=GlobalAveragePool(f); h=Flatten(g); y=Gemm(h,{4,2}#2)"},
    {"constants", 13,
     "z=ConstantOfShape([4]); i=Cast(z) to=7; c=Constant() value_ints=[0,3,5,4]; s=Add(i,c); n=Size([1,2]); "
     "r=Range(0,n,1); g=Gather(s,[0,1,2,3]); y=Reshape(x,g)"},
    {"factors", 13, "s=Softsign(x); m=Mul(x,s); g=ReduceMean(m) axes=[1] keepdims=1; y=Mul(m,g)"},
    {"moments", 13,
     "m=ReduceMean(x) axes=[2,3]; d=Sub(x,m); v=Mul(d,d); a=ReduceMean(v) axes=[2,3]; e=Add(a,0.001); "
     "q=Sqrt(e); y=Div(d,q)"},
    {"normalized", 13, "b=BatchNormalization(x,{3}#1,{3}#2,{3}#3,[1.0,2.0,0.5]); y=Sin(b)"},
    {"pieces", 16,
     "i=Expand(0,[16,2,1]); g=GatherND(x,i) batch_dims=1; j=Expand(1,[1,4]); s=ScatterND(x,j,[7.0]); "
     "y=Add(s,x)"},
    {"rounding", 18, "a=Round(x); b=Sign(a); c=ThresholdedRelu(b); d=Mish(c); y=Cos(d)"},
    {"same", 13,
     "a=Conv(x,{3,3,3,3}#1) auto_pad='SAME_UPPER'; b=Conv(a,{3,3,3,3}#1) auto_pad='SAME_LOWER'; y=Tanh(b)"},
    {"activations", 13,
     "a=LeakyRelu(x) alpha=0.3; b=PRelu(a,{3,1,1}#1); c=Elu(b); d=Selu(c); e=Softplus(d); y=Tanh(e)"},
    {"attention", 13,
     "r=Reshape(x,[0,3,20]); t=Transpose(r) perm=[0,2,1]; q=MatMul(t,{3,4}#1); k=MatMul(t,{3,4}#2); "
     "u=Transpose(k) perm=[0,2,1]; m=MatMul(q,u); s=Softmax(m) axis=2; y=MatMul(s,q)"},
    {"clip", 14, "a=Clip(x,-0.5,1.0); b=HardSwish(a); c=HardSigmoid(b) alpha=0.3 beta=0.25; y=Erf(c)"},
    {"compare", 13,
     "g=Greater(x,0.0); n=Not(g); m=Less(x,{4}#1); a=And(n,m); o=Or(a,g); e=Equal(o,g); "
     "w=Where(e,x,{3,5,1}#2); y=Cast(w) to=1"},
    {"conv", 13,
     "c=Conv(x,{4,3,3,3}#1,{4}#2) pads=[1,1,1,1] strides=[2,1]; "
     "b=BatchNormalization(c,{4}#3,{4}#4,{4}#5,[1.0,2.0,0.5,0.1]); r=Relu(b); d=Conv(r,{4,1,2,2}#6) group=4 "
     "dilations=[1,2]; g=GlobalAveragePool(d); f=Flatten(g); y=Gemm(f,{2,4}#7,{2}#8) transB=1"},
    {"deconv", 13, "y=ConvTranspose(x,{3,2,3,3}#1) strides=[2,2] pads=[1,0,0,1] output_padding=[1,0]"},
    {"depth", 13,
     "d=Resize(x,-,[1.0,4.0,1.0,1.0]); e=DepthToSpace(d) blocksize=2 mode='CRD'; y=SpaceToDepth(e) "
     "blocksize=2"},
    {"einsum", 13, "t=Transpose(x) perm=[0,1,3,2]; y=Einsum(x,t) equation='ncij,ncjk->ncki'"},
    {"expand", 14,
     "r=ReduceMax(x) axes=[2,3]; e=Expand(r,[1,3,5,4]); t=Tile(e,[1,2,3,1]); y=Trilu(t,1) upper=0"},
    {"gather", 13,
     "g=Gather(x,[2,0,-1,-3]) axis=1; i=Expand(0,[16,1,5,4]); e=GatherElements(g,i) axis=1; y=Neg(e)"},
    {"gate", 13, "g=GlobalAveragePool(x); c=Conv(g,{3,3,1,1}#1); s=Sigmoid(c); m=Mul(x,s); y=Add(m,x)"},
    {"integers", 13,
     "s=Shape(x); g=Gather(s,0); u=Unsqueeze(g,[0]); c=Concat(u,[-1]) axis=0; z=ConstantOfShape([6]); "
     "r=Range(0,6,2); y=Reshape(x,c)"},
    {"matmul", 13,
     "t=Transpose(x) perm=[0,2,3,1]; m=MatMul(t,{3,7}#1); a=Add(m,{7}#2); s=Sqrt(a); y=Reciprocal(s)"},
    {"normalize", 17,
     "l=LayerNormalization(x,{5,4}#1,{5,4}#2) axis=2; "
     "i=InstanceNormalization(l,[1.5,-2.0,0.5],[0.1,0.2,0.3]); y=LRN(i) size=2 alpha=0.5"},
    {"groups", 21, "g=GroupNormalization(x,[1.5,-2.0,0.5],[0.1,0.2,0.3]) num_groups=3; y=Gelu(g)"},
    {"order", 13, "a,i=TopK(x,[3]) axis=2 largest=0; c=Cast(i) to=1; m=ArgMax(c) axis=1; y=Cast(m) to=1"},
    {"pad", 19,
     "a=Pad(x,[0,1,2,3,0,1,2,3]) mode='reflect'; b=Pad(a,[0,1,2,3,0,0,-1,3]) mode='edge'; "
     "c=Pad(b,[0,0,2,9,0,0,7,3]) mode='wrap'; y=Pad(c,[0,-1,0,1],0.5,[0,1])"},
    {"pool", 13,
     "m=MaxPool(x) kernel_shape=[2,2] strides=[2,1] ceil_mode=1; a=AveragePool(m) kernel_shape=[2,2] "
     "pads=[1,1,0,0] count_include_pad=1; y=GlobalMaxPool(a)"},
    {"powers", 13,
     "a=Abs(x); p=Pow(a,{1,3,1,1}#1); l=Log(p); e=Exp(l); f=Floor(e); c=Ceil(f); m=Max(c,{3,1,1}#1,{5,4}#2); "
     "n=Mean(m,x); s=Sum(n,x); y=Min(s,x)"},
    {"quantized", 13,
     "c=Cast([3,5,7]) to=2; q=QuantizeLinear(x,0.1,-); d=DequantizeLinear(q,0.1,-); y=Relu(d)"},
    {"reduce", 13,
     "m=ReduceMean(x) axes=[3]; s=ReduceSum(m,[2]); l=ReduceL2(s) axes=[1] keepdims=0; p=ReduceProd(x) "
     "axes=[2,3] keepdims=0; y=Sub(l,p)"},
    {"reshape", 13,
     "u=Unsqueeze(x,[4,2]); s=Squeeze(u,[2]); f=Flatten(s); r=Reshape(f,[0,3,-1]); d=Dropout(r); "
     "y=Identity(d)"},
    {"resize", 18,
     "a=Resize(x,-,[1.0,1.0,0.6,0.5]) mode='cubic' antialias=1; b=Resize(a,-,-,[16,3,7,9]) mode='linear' "
     "coordinate_transformation_mode='align_corners'; y=Resize(b,-,[1.0,1.0,2.0,1.5]) mode='nearest' "
     "nearest_mode='ceil'"},
    {"scatter", 13,
     "c=Concat(x,{16,2,5,4}#3) axis=1; a,b=Split(c,[1,4]) axis=1; l=LogSoftmax(b) axis=1; y=Mul(l,a)"},
    {"slice", 13, "s=Slice(x,[-1,4],[-9,1],[1,2],[-1,-2]); a=Slice(s,[0],[9],[3],[2]); y=Softmax(a) axis=1"},
    {"slice7", 7,
     "s=Slice(x) starts=[0,1] ends=[2,9] axes=[1,2]; y=Upsample(s) scales=[1.0,1.0,2.0,3.0] mode='linear'"},
    {"shared", 13, "a=Conv(x,{3,3,1,1}#1); s=Sigmoid(a); b=Mul(a,s); c=Add(b,x); y=Softmax(c) axis=1"},
};

static void write_seed(const char *folder, const Seed *seed)
{
    char path[500];
    snprintf(path, sizeof path, "%s/%s", folder, seed->name);
    graph_write(path, seed->text, seed->opset, (size_t[]){0, 3, 5, 4});
}

/* The image size is open. */
static void write_open(const char *folder)
{
    char path[500];
    ob_begin(13);
    ob_input("x", OB_FLOAT, 4, (int64_t[]){OB_OPEN, OB_OPEN, OB_OPEN, OB_OPEN});
    ob_node("Relu", "relu", OB_NAMES("x"), OB_NAMES("r"));
    ob_node("Neg", "neg", OB_NAMES("r"), OB_NAMES("y"));
    ob_output("y");
    ob_output("r");
    snprintf(path, sizeof path, "%s/open", folder);
    ob_write(path);
}

static void write_tensors(const char *folder)
{
    static const struct {
        const char *name;
        int type;
    } types[] = {{"half", 10}, {"double", 11}, {"bfloat16", 16}, {"uint64", 13}, {"bool", 9}};
    char path[500];
    const unsigned char data[24] = {0, 60, 0, 64, 0, 66};
    ob_begin(17);
    ob_metadata("mean", "0.5");
    ob_input("x", OB_FLOAT, 4, (int64_t[]){1, 1, 2, 2});
    ob_initializer_external("w", OB_FLOAT, 2, (int64_t[]){4, 3}, "data", "16", "48");
    ob_node("Flatten", "flat", OB_NAMES("x"), OB_NAMES("f"));
    ob_node("MatMul", "fc", OB_NAMES("f", "w"), OB_NAMES("m0"));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char cast[16], from[16], to[16];
        const size_t width = (size_t[]){2, 8, 2, 8, 1}[i];
        snprintf(cast, sizeof cast, "c%zu", i);
        snprintf(from, sizeof from, "m%zu", i);
        snprintf(to, sizeof to, "m%zu", i + 1);
        ob_initializer_raw(types[i].name, types[i].type, 1, (int64_t[]){3}, data, 3 * width);
        ob_node("Cast", cast, OB_NAMES(types[i].name), OB_NAMES(cast));
        ob_int("to", 1);
        ob_node("Add", to, OB_NAMES(from, cast), OB_NAMES(to));
    }
    ob_output("m5");
    snprintf(path, sizeof path, "%s/tensors", folder);
    ob_write(path);
}

int main(int count, char **arguments)
{
    if (count != 2) return 2;
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) write_seed(arguments[1], &seeds[i]);
    write_open(arguments[1]);
    write_tensors(arguments[1]);
    return 0;
}
