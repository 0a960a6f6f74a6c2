/* What the outside may ask of a node's geometry: most answers are the kernels' own. */
#include "network/network.h"

#include "network/operators/elementwise.h"
#include "network/operators/op_conv.h"
#include "network/operators/product.h"

#include <math.h>
#include <stdlib.h>

void network_edge(NetworkEdge *edge, const Network *network, size_t number, size_t input)
{
    const Node *node = &network->nodes[number];
    *edge = (NetworkEdge){.kind = EDGE_CONSTANT};
    if (network->values[node->inputs[input]].constant) return;
    *edge = (NetworkEdge){.kind = EDGE_UNBOUNDED, .reason = "no Lipschitz constant is known for it"};
    if (node->kernel->edge) node->kernel->edge(edge, network, node, input);
}

void edge_move(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    *edge = edge_linear(1, 1);
}

void edge_slope_one(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    *edge = edge_slope(1);
}

void edge_layer(NetworkEdge *edge, const Network *network, const Node *node, size_t input)
{
    (void)network, (void)node, (void)input;
    *edge = (NetworkEdge){.kind = EDGE_LAYER};
}

Status network_factor_norm(double *norm, const Network *network, size_t number, size_t input,
                           const float *other, Message *message)
{
    const Node *node = &network->nodes[number];
    if (node->kernel == &kernel_product) return product_norm(norm, network, node, input, other, message);
    const size_t count = network->values[node->inputs[input]].elements;
    double *sums = calloc(count + 1, sizeof *sums);
    if (!sums) return status_no_memory(message, "the norms of a factor");
    product_sums(sums, node, input, other);
    double largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, sums[i]);
    *norm = sqrt(largest);
    free(sums);
    return STATUS_OK;
}

void network_convolution(ConvGeometry *geometry, const Network *network, size_t number)
{
    const Node *node = &network->nodes[number];
    const Layer *layer = &network->layers[node->layer];
    *geometry = convolution_of_one_pixel(layer->groups, layer->m, layer->n);
    if (node->kernel != &kernel_conv) return;
    const ConvShape *shape = node->parameters;
    *geometry = (ConvGeometry){.groups = shape->groups,
                               .m = shape->m,
                               .channels = shape->channels,
                               .in_h = shape->in_h,
                               .in_w = shape->in_w,
                               .out_h = shape->out_h,
                               .out_w = shape->out_w,
                               .kernel_h = shape->kernel_h,
                               .kernel_w = shape->kernel_w,
                               .stride_h = shape->stride_h,
                               .stride_w = shape->stride_w,
                               .dilation_h = shape->dilation_h,
                               .dilation_w = shape->dilation_w,
                               .pad_top = shape->pad_top,
                               .pad_left = shape->pad_left,
                               .pad_bottom = shape->pad_bottom,
                               .pad_right = shape->pad_right};
}
