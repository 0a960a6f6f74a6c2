/* SPDX-License-Identifier: MIT */
#include "export_graphs.h"

#include "graph_text.h"

/* Convolutions whole, depthwise and grouped, batch normalizations folded, and a Gemm with factors */
#define CONVOLUTIONS                                                                                         \
    "a=Conv(x,{8,3,3,3}#1,{8}#2) pads=[1,1,1,1]; v=Abs({8}#3); "                                             \
    "b=BatchNormalization(a,{8}#4,{8}#5,{8}#6,v); "                                                          \
    "c=Relu(b); d=Conv(c,{8,1,3,3}#7) group=8; e=Relu(d); f=Conv(e,{12,4,3,3}#8,{12}#9) group=2; "           \
    "g=GlobalAveragePool(f); h=Flatten(g); y=Gemm(h,{6,12}#10,{6}#11) transB=1 alpha=0.5 beta=0.25"

const ExportGraph export_graphs[] = {
    {"convolutions_10", 10, CONVOLUTIONS},
    {"convolutions_11", 11, CONVOLUTIONS},
    {"convolutions_12", 12, CONVOLUTIONS},
    {"convolutions_13", 13, CONVOLUTIONS},
    {"convolutions_21", 21, CONVOLUTIONS},
    /* also where the normalization behind a copy is the output */
    {"normalized", 15,
     "a=Conv(x,{6,3,3,3}#1); i=Identity(a); v=Abs({6}#2); b=BatchNormalization(i,{6}#3,{6}#4,{6}#5,v); "
     "j=Identity(b); c=BatchNormalization(j,{6}#6,{6}#7,{6}#8,v); d=Relu(c); e=Conv(d,{4,6,6,6}#9,{4}#10); "
     "w=Abs({4}#11); y=BatchNormalization(e,{4}#12,{4}#13,{4}#14,w)"},
    {"transposed", 13,
     "a=ConvTranspose(x,{3,6,3,3}#1,{6}#2) strides=[2,2]; b=Relu(a); c=ConvTranspose(b,{6,2,4,4}#3) group=3 "
     "strides=[2,2] pads=[1,1,1,1]; d=Relu(c); e=ConvTranspose(d,{6,4,2,3}#4,{8}#5) group=2; v=Abs({8}#6); "
     "f=BatchNormalization(e,{8}#7,{8}#8,{8}#9,v); y=GlobalAveragePool(f)"},
    {"transposed_11", 11,
     "a=ConvTranspose(x,{3,2,3,3}#1) group=3; b=Relu(a); c=ConvTranspose(b,{6,4,2,2}#2,{4}#3); "
     "y=GlobalAveragePool(c)"},
    /* one tensor at two nodes, and twice more where a normalization is folded into a copy */
    {"shared", 13,
     "w=Identity({3,3,3,3}#1); a=Conv(x,w,{3}#2) pads=[1,1,1,1]; b=Relu(a); c=Conv(b,w) pads=[1,1,1,1]; "
     "d=Relu(c); e=Conv(d,w) pads=[1,1,1,1]; f=Relu(e); v=Abs({3}#3); g=Conv(f,w) pads=[1,1,1,1]; "
     "h=BatchNormalization(g,{3}#4,{3}#5,{3}#6,v); i=Conv(f,w) pads=[1,1,1,1]; "
     "j=BatchNormalization(i,{3}#7,{3}#8,{3}#9,v); k=Add(h,j); l=Concat(k,e) axis=1; y=GlobalAveragePool(l)"},
    {"matrices", 13,
     "a=Flatten(x); b=Gemm(a,{192,10}#1,{10}#2); c=Relu(b); d=Gemm(c,{8,10}#3) transB=1; e=Relu(d); "
     "f=MatMul(e,{8,9}#4); g=Add(f,{9}#5); h=Relu(g); i=Gemm(h,{9,7}#6,{1,7}#7) beta=0.5; j=Relu(i); "
     "k=MatMul(j,{7,6}#8); v=Abs({6}#9); y=BatchNormalization(k,{6}#10,{6}#11,{6}#12,v)"},
    {"left", 13,
     "a=Reshape(x,[0,3,64]); b=Abs(a); c=MatMul({5,3}#1,b); d=Relu(c); e=MatMul({4,5}#2,d); "
     "y=ReduceMean(e) axes=[2] keepdims=0"},
    {"attention", 17,
     "t=Reshape(x,[0,3,64]); p=Transpose(t) perm=[0,2,1]; e=MatMul(p,{3,8}#1); "
     "n=LayerNormalization(e,{8}#2,{8}#3); q=MatMul(n,{8,8}#4); k=MatMul(n,{8,8}#5); v=MatMul(n,{8,8}#6); "
     "kt=Transpose(k) perm=[0,2,1]; s=MatMul(q,kt); m=Mul(s,0.05); a=Softmax(m) axis=-1; c=MatMul(a,v); "
     "o=MatMul(c,{8,8}#7); r=Add(o,{8}#8); u=Add(r,e); g=MatMul(u,{8,6}#9); y=ReduceMean(g) axes=[1] "
     "keepdims=0"},
    {"einsum", 13,
     "a=Einsum(x,{3,5}#1) equation='nchw,cd->ndhw'; b=Relu(a); c=Einsum(b,{2,5,4}#2) "
     "equation='nchw,dce->nhwde'; "
     "d=Relu(c); e=Einsum(d,{4,3,2}#3) equation='nhwde,efd->nfwh'; y=GlobalAveragePool(e)"},
    /* weights that other nodes make */
    {"behind", 13,
     "w=Transpose({3,3,3,6}#1) perm=[3,2,0,1]; a=Conv(x,w); b=Relu(a); u=Reshape({54,6}#2,[6,6,3,3]); "
     "v=Identity(u); c=Conv(b,v); d=Relu(c); i=QuantizeLinear({4,6,1,1}#4,0.02); "
     "k=DequantizeLinear(i,0.02); o=Cast(k) to=1; e=Conv(d,o); f=Relu(e); "
     "l=Constant() value=t0.5; m=Mul({4,4,1,1}#3,l); g=Conv(f,m); y=GlobalAveragePool(g)"},
    {"lines", 13,
     "a=Reshape(x,[0,6,32]); b=Conv(a,{10,3,5}#1,{10}#2) group=2 strides=[2] pads=[2,2]; c=Relu(b); "
     "d=Conv(c,{10,1,3}#3) group=10; e=Relu(d); f=ConvTranspose(e,{10,2,4}#4) group=2 strides=[2]; "
     "y=ReduceMean(f) "
     "axes=[2] keepdims=0"},
};
const size_t export_graph_count = sizeof export_graphs / sizeof *export_graphs;

const ExportSetting export_settings[] = {
    {"W4", 4, 0, 0, 1},   {"W4 without bias correction", 4, 0, 0, 0}, {"W8A8", 8, 8, 0, 1},
    {"W3A4", 3, 4, 0, 1}, {"W4A4 error-compensated", 4, 4, 1, 1},     {"A6 error-compensated", 0, 6, 1, 1},
};
const size_t export_setting_count = sizeof export_settings / sizeof *export_settings;

void export_graph_write(const char *path, size_t number)
{
    const size_t shape[] = {0, EXPORT_CHANNELS, EXPORT_SIDE, EXPORT_SIDE};
    graph_write(path, export_graphs[number].text, export_graphs[number].opset, shape);
}
