/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "base/text.h"
#include "report/export.h"
#include "report/plan_columns.h"
#include "report/plan_csv.h"
#include "report/report_json.h"
#include "sample_network.h"
#include "scratch.h"

#include <locale.h>
#include <math.h>

static const char *const plain_names[SAMPLE_LAYERS] = {"conv1", "depthwise", "fc"};

static void name_layers(const char *const names[SAMPLE_LAYERS])
{
    for (size_t l = 0; l < SAMPLE_LAYERS; l++) sample_layers[l].name = names[l];
}

static int set_up(void **state)
{
    scratch_create();
    name_layers(plain_names);
    return 0;
}

static int tear_down(void **state)
{
    setlocale(LC_ALL, "C");
    scratch_remove();
    return 0;
}

static Plan *make_plan(void)
{
    Plan *plan;
    assert_int_equal(plan_create(&plan, &sample_network, &message), STATUS_OK);
    return plan;
}

/* A plan that differs from the default in every layer and option. */
static Plan *make_odd_plan(void)
{
    Plan *plan = make_plan();
    plan->layers[0] = (LayerPlan){2, BITS_FLOAT, METHOD_ROUND_MSE, GRID_TERNARY};
    plan->layers[1] = (LayerPlan){BITS_FLOAT, BITS_FLOAT, METHOD_GPTQ, GRID_POWER_OF_TWO};
    plan->layers[2] = (LayerPlan){7, 5, METHOD_CODE_DESCENT, GRID_UNIFORM};
    plan->options = (PlanOptions){
        EFFORT_THOROUGH, MODE_INDEPENDENT, UINT64_MAX - 1, 77, PLAN_ALL_ROWS, 1.0 / 3, false, false, true};
    return plan;
}

static Result plan_alone(const Plan *plan)
{
    return (Result){.network = &sample_network, .plan = plan};
}

static const Normalization normalization = {{0.286f}, {0.353f}};
static const Evaluation evaluation = {.images = 1000,
                                      .labelled = true,
                                      .compared = true,
                                      .reference = {900, 990, 0.25},
                                      .quantized = {890, 980, 0.5},
                                      .agreeing = 950,
                                      .lost = 15,
                                      .gained = 5,
                                      .output_sqnr_db = 31.5};

/* A run with figures that are easy to recognize. */
static Result whole_run(const Plan *plan, Pipeline *pipeline, LayerResult layers[SAMPLE_LAYERS])
{
    static int8_t codes[144];
    for (size_t l = 0; l < SAMPLE_LAYERS; l++)
        layers[l] = (LayerResult){.rounding_error = 1.0 / 3,
                                  .bitsplit_error = 0.1 + (double)l,
                                  .polished_error = NAN,
                                  .heldout_error = 1e-10,
                                  .accumulated_error = 0,
                                  .sqnr_db = INFINITY,
                                  .codes_changed = 12,
                                  .codes = l == 1 ? NULL : codes};
    *pipeline = (Pipeline){.network = &sample_network, .layer_count = SAMPLE_LAYERS, .layers = layers};
    return (Result){.network = &sample_network,
                    .plan = plan,
                    .normalization = &normalization,
                    .pipeline = pipeline,
                    .accuracy = &evaluation,
                    .run = {1.5, 2.5, 2, "Zen", "plain", "1.2.3"}};
}

/* --- CSV out ---------------------------------------------------------------------------------------- */

#define HEADER                                                                                               \
    "index,name,operator,shape,parameters,macs,weight_bits,activation_bits,method,grid,rounding_error,"      \
    "bitsplit_error,polished_error,heldout_error,local_error,accumulated_error,sqnr_db,codes_changed,"       \
    "bytes,lambda,hybrid_contribution,hybrid_share,hybrid_share_per_kib,spectral_contribution,"              \
    "spectral_share,hybrid_squared_share,margin_pull\r\n"

static void csv_of_a_plan_alone(void **state)
{
    Plan *plan = make_plan();
    const Result result = plan_alone(plan);
    assert_int_equal(plan_csv_write(scratch_path("p.csv"), &result, &message), STATUS_OK);
    char *text = scratch_read(scratch_path("p.csv"));
    assert_string_equal(
        text, HEADER
        "1,conv1,Conv,16x1x3x3,160,112896,8,float,nearest-plane,uniform,,,,,,,,,272,,,,,,,,\r\n"
        "2,depthwise,Conv,16x1x3x3,144,9007199254740993,4,float,nearest-plane,uniform,,,,,,,,,136,,,,,,,,\r\n"
        "3,fc,Gemm,10x7,80,70,8,float,nearest-plane,uniform,,,,,,,,,150,,,,,,,,\r\n");
    free(text);
    plan_drop(plan);
}

static void check_csv_of_a_run(void)
{
    Plan *plan = make_odd_plan();
    Pipeline pipeline;
    LayerResult layers[SAMPLE_LAYERS];
    const Result result = whole_run(plan, &pipeline, layers);
    assert_int_equal(plan_csv_write(scratch_path("p.csv"), &result, &message), STATUS_OK);
    char *text = scratch_read(scratch_path("p.csv"));
    assert_string_equal(
        text,
        HEADER "1,conv1,Conv,16x1x3x3,160,112896,2,float,round-mse,ternary,0.333333333,0.1,,1e-10,,0,,12,164,"
               ",,,,,,,\r\n"
               "2,depthwise,Conv,16x1x3x3,144,9007199254740993,float,float,gptq,power-of-two,0.333333333,1.1,"
               ",1e-10,,0,,,"
               "576,,,,,,,,\r\n"
               "3,fc,Gemm,10x7,80,70,7,5,code-descent,uniform,0.333333333,2.1,,1e-10,,0,,12,170,,,,,,,,\r\n");
    free(text);
    plan_drop(plan);
}

static void csv_of_a_run(void **state)
{
    check_csv_of_a_run();
}

/* --- CSV in ----------------------------------------------------------------------------------------- */

static void csv_comes_back(void **state)
{
    static const char *const hostile[][SAMPLE_LAYERS] = {
        {"=cmd()", "a,\"b\"", "'x"}, {"two\r\nlines", "\nnew", "\rreturn"}, {"-1", "+2", "@import"},
        {"\ttab", " blanks ", "''"}, {"caf\xc3\xa9", "\xff\xfe", "\""},     {"name", "weight_bits", ""},
    };
    Plan *plan = make_odd_plan();
    const Result result = plan_alone(plan);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        name_layers(hostile[i]);
        assert_int_equal(plan_csv_write(scratch_path("p.csv"), &result, &message), STATUS_OK);
        Plan *read = make_plan();
        read->options = plan->options;
        if (plan_csv_read(read, &sample_network, scratch_path("p.csv"), &message) != STATUS_OK)
            fail_msg("%s", message.text);
        assert_true(plan_equal(read, plan));
        plan_drop(read);
    }
    plan_drop(plan);
}

static void csv_cells_are_no_formulas(void **state)
{
    static const char *const names[SAMPLE_LAYERS] = {"=cmd()", "@a,b", "\tx"};
    name_layers(names);
    Plan *plan = make_plan();
    const Result result = plan_alone(plan);
    assert_int_equal(plan_csv_write(scratch_path("p.csv"), &result, &message), STATUS_OK);
    char *text = scratch_read(scratch_path("p.csv"));
    assert_non_null(strstr(text, "\n1,'=cmd(),"));
    assert_non_null(strstr(text, "\n2,\"'@a,b\","));
    assert_non_null(strstr(text, "\n3,'\tx,"));
    free(text);
    name_layers((const char *const[SAMPLE_LAYERS]){"\uff1dx", "\n=x", "a=x"});
    assert_int_equal(plan_csv_write(scratch_path("p.csv"), &result, &message), STATUS_OK);
    text = scratch_read(scratch_path("p.csv"));
    assert_non_null(strstr(text, "\n1,'\uff1dx,"));
    assert_non_null(strstr(text, "\n2,\"'\n=x\","));
    assert_non_null(strstr(text, "\n3,a=x,"));
    assert_int_equal(plan_csv_read(plan, &sample_network, scratch_path("p.csv"), &message), STATUS_OK);
    free(text);
    plan_drop(plan);
}

static void csv_by_hand_is_read(void **state)
{
    static const char *const files[] = {
        "name,weight_bits\nfc,3\nconv1,float\n",
        "\xef\xbb\xbfname,weight_bits\r\nfc,3\r\n\r\nconv1,float",
        "note,weight_bits,method,name,activation_bits\n\"a\nb\",3,,fc,\n,float,bitsplit,conv1,float\n",
        "name,weight_bits,method\rfc,3\rconv1,float,\r",
        "name,weight_bits,lambda,contribution,share\nfc,3,1,0.75,0.1\nconv1,float,4,6.25,0.9\n", /* earlier */
        "\n \n\"name\",\"weight_bits\"\n  fc , 3\nconv1,\"float\"\n",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        Plan *plan = make_plan();
        if (plan_csv_read(plan, &sample_network, scratch_text("p.csv", files[i]), &message) != STATUS_OK)
            fail_msg("%s", message.text);
        assert_int_equal(plan->layers[0].weight_bits, BITS_FLOAT);
        assert_int_equal(plan->layers[1].weight_bits, 4);
        assert_int_equal(plan->layers[2].weight_bits, 3);
        plan_drop(plan);
    }
}

/* A file without grids keeps the plan's where it has the bits. */
static void csv_without_grids(void **state)
{
    Plan *plan = make_plan();
    layer_plan_set_grid(&plan->layers[0], GRID_POWER_OF_TWO);
    layer_plan_set_grid(&plan->layers[1], GRID_TERNARY);
    const char *path = scratch_text("p.csv", "name,weight_bits,grid\nconv1,3,\ndepthwise,4,\nfc,1,\n");
    assert_int_equal(plan_csv_read(plan, &sample_network, path, &message), STATUS_OK);
    assert_int_equal(plan->layers[0].grid, GRID_POWER_OF_TWO);
    assert_int_equal(plan->layers[1].grid, GRID_UNIFORM);
    assert_int_equal(plan->layers[2].grid, GRID_BINARY);
    plan_drop(plan);
}

static void refuse_csv(const char *data, size_t size, Status status, const char *part)
{
    Plan *plan = make_plan(), *before = make_plan();
    const char *path = scratch_write("p.csv", data, size);
    assert_int_equal(plan_csv_read(plan, &sample_network, path, &message), status);
    assert_says("/p.csv'");
    assert_says(part);
    assert_true(plan_equal(plan, before));
    plan_drop(plan);
    plan_drop(before);
}

static void wrong_csv_is_refused(void **state)
{
    static const char *const cases[][2] = {
        {"", "empty: a header"},
        {"\n\n", "empty: a header"},
        {"name,bits\nfc,3\n", "line 1, column 'weight_bits': is missing"},
        {"weight_bits\n3\n", "line 1, column 'name': is missing"},
        {"name;weight_bits\nfc;3\n", "column 'name': is missing"},
        {"name,weight_bits,name\n", "line 1, column 'name': the header has it twice"},
        {"name,weight_bits\nconv1,3\nfc,0\n", "line 3, column 'weight_bits': '0' is not a width"},
        {"name,weight_bits\nfc,17\n", "line 2, column 'weight_bits': '17' is not a width"},
        {"name,weight_bits\nfc,4.5\n", "'4.5' is not a width"},
        {"name,weight_bits\nfc,four\n", "'four' is not a width"},
        {"name,weight_bits,grid\nfc,3,cubic\n", "line 2, column 'grid': no grid is called 'cubic'"},
        {"name,weight_bits,grid\nfc,1,uniform\n",
         "column 'weight_bits': the grid uniform has 2 to 8 bits, not 1"},
        {"name,weight_bits,grid\nfc,5,power-of-two\n", "the grid power-of-two has 2 to 4 bits, not 5"},
        {"name,weight_bits,grid\nfc,2,binary\n", "the grid binary has 1 bit, not 2"},
        {"name,weight_bits,activation_bits\nfc,3,1\n", "column 'activation_bits': '1' is not a width"},
        {"name,weight_bits\nfc,9\n", "'9' is not a width"},
        {"name,weight_bits\nfc,-4\n", "'-4' is not a width"},
        {"name,weight_bits\nfc,\n", "'' is not a width"},
        {"name,weight_bits\nfc\n", "'' is not a width"},
        {"name,weight_bits\nfc,3\nconv1,3\nfc,3\n", "line 4, column 'name': layer 'fc' is there twice"},
        {"name,weight_bits\n\"depth\nwise\",3\n",
         "line 2, column 'name': the network has no layer 'depth\\x0awise'"},
        {"name,weight_bits\ndeptwise,3\n", "no layer 'deptwise': did you mean 'depthwise'?"},
        {"name,weight_bits\nconv2,3\n", "no layer 'conv2': did you mean 'conv1'?"},
        {"name,weight_bits\n,3\n", "no layer '': it has 3 layers"},
        {"name,weight_bits\nfeatures.0.0,3\n", "no layer 'features.0.0': it has 3 layers"},
        {"name,weight_bits,method\nfc,3,magic\n",
         "line 2, column 'method': no method is called 'magic': expected "},
        {"name,weight_bits,activation_bits\nfc,3,x\n", "column 'activation_bits': 'x' is not a width"},
        {"name,weight_bits\nfc,3,4\n", "line 2: 3 cells, the header has 2"},
        {"name,weight_bits\nfc,3\n\"conv1,4\nx,5", "line 3: a quote is opened and never closed"},
        {"name,weight_bits\nfc,3\ncon\"v1,4\n", "line 3: a quote where none may be"},
        {"name,weight_bits\nfc,\"3\"4\n", "line 2: a quote where none may be"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse_csv(cases[i][0], strlen(cases[i][0]), STATUS_INVALID, cases[i][1]);
    static const char activation[] = "name,weight_bits,activation_bits\nconv1,3,8\n";
    refuse_csv(activation, strlen(activation), STATUS_INVALID,
               "column 'activation_bits': the layer reads the network's input, which stays float");
    refuse_csv("n\0a\0", 4, STATUS_INVALID, "a zero byte");
}

static void large_csv_is_refused(void **state)
{
    const size_t size = (16u << 20) + 1;
    char *data = malloc(size);
    memset(data, '\n', size);
    refuse_csv(data, size, STATUS_INVALID, "limit of 16777216");
    free(data);
    static char name[100000];
    memset(name, 'x', sizeof name);
    memcpy(name, "name,weight_bits\n", 17);
    refuse_csv(name, sizeof name, STATUS_INVALID, "the network has no layer 'xxx");
    Plan *plan = make_plan();
    assert_int_equal(plan_csv_read(plan, &sample_network, scratch_path("none"), &message), STATUS_IO);
    assert_int_equal(plan_csv_read(plan, &sample_network, scratch_text("e", "x"), NULL), STATUS_INVALID);
    plan_drop(plan);
}

/* --- JSON ------------------------------------------------------------------------------------------- */

static void check_json_comes_back(void)
{
    Plan *plan = make_odd_plan(), *read = make_plan();
    Pipeline pipeline;
    LayerResult layers[SAMPLE_LAYERS];
    const Result result = whole_run(plan, &pipeline, layers);
    const char *path = scratch_path("r.json");
    assert_int_equal(report_json_write(path, &result, &message), STATUS_OK);
    if (report_json_read_plan(read, &sample_network, path, &message) != STATUS_OK)
        fail_msg("%s", message.text);
    assert_true(plan_equal(read, plan));
    plan_drop(read);

    read = make_plan();
    const Result defaults = plan_alone(read);
    assert_int_equal(report_json_write(path, &defaults, &message), STATUS_OK);
    if (report_json_read_plan(plan, &sample_network, path, &message) != STATUS_OK)
        fail_msg("%s", message.text);
    assert_true(plan_equal(read, plan));
    plan_drop(read);
    plan_drop(plan);
}

static void json_comes_back(void **state)
{
    check_json_comes_back();
    static const char *const hostile[] = {"=cmd()\r\n", "a,\"b\"\\", "caf\xc3\xa9\x01"};
    name_layers(hostile);
    check_json_comes_back();
}

static double number_at(const cJSON *item, const char *key, const char *inner)
{
    item = cJSON_GetObjectItemCaseSensitive(item, key);
    if (inner) item = cJSON_GetObjectItemCaseSensitive(item, inner);
    if (!cJSON_IsNumber(item)) fail_msg("%s is no number", inner ? inner : key);
    return item->valuedouble;
}

static void json_of_a_run_has_its_figures(void **state)
{
    Plan *plan = make_odd_plan();
    Pipeline pipeline;
    LayerResult layers[SAMPLE_LAYERS];
    const Result result = whole_run(plan, &pipeline, layers);
    const char *path = scratch_path("r.json");
    assert_int_equal(report_json_write(path, &result, &message), STATUS_OK);
    cJSON *root;
    assert_int_equal(json_read(&root, path, 1 << 20, &message), STATUS_OK);
    const cJSON *accuracy = cJSON_GetObjectItem(root, "accuracy");
    assert_true(number_at(accuracy, "images", NULL) == 1000);
    assert_true(number_at(accuracy, "float", "top1") == 0.9);
    assert_true(number_at(accuracy, "quantized", "top5") == 0.98);
    assert_true(number_at(accuracy, "quantized", "cross_entropy") == 0.5);
    assert_true(number_at(accuracy, "change", NULL) == -0.01);
    assert_true(number_at(accuracy, "agreement", NULL) == 0.95);
    assert_true(number_at(accuracy, "changed_limit", NULL) == interval_upper_limit(50, 1000));
    const cJSON *interval = cJSON_GetObjectItem(cJSON_GetObjectItem(accuracy, "quantized"), "top1_interval");
    const Interval wilson = interval_wilson(890, 1000);
    assert_true(cJSON_GetArrayItem(interval, 0)->valuedouble == wilson.low);
    assert_true(cJSON_GetArrayItem(interval, 1)->valuedouble == wilson.high);
    const PlanTotals totals = plan_totals(plan, &sample_network);
    assert_true(number_at(root, "totals", "compression") == totals.compression);
    assert_true(number_at(root, "totals", "average_weight_bits") == totals.average_weight_bits);
    assert_true(number_at(root, "run", "optimizer_seconds") == 1.5);

    const cJSON *layer = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "layers"), 0);
    size_t column = 0;
    for (const cJSON *cell = layer->child; cell; cell = cell->next)
        assert_string_equal(cell->string, plan_columns[column++]);
    assert_null(plan_columns[column]);
    assert_true(number_at(layer, "rounding_error", NULL) == 1.0 / 3);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(layer, "polished_error")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(layer, "sqnr_db")));
    cJSON_Delete(root);

    char *text = scratch_read(path);
    assert_non_null(strstr(text, "9007199254740993")); /* 2^53 + 1 */
    assert_non_null(strstr(text, "\"18446744073709551614\""));
    assert_non_null(strstr(text, "[0.286]"));
    assert_true(text[strlen(text) - 1] == '\n');
    free(text);
    plan_drop(plan);
}

static cJSON *json_of(const Result *result)
{
    cJSON *root;
    const char *path = scratch_path("r.json");
    assert_int_equal(report_json_write(path, result, &message), STATUS_OK);
    assert_int_equal(json_read(&root, path, 1 << 20, &message), STATUS_OK);
    return root;
}

static const char *text_at(const cJSON *item, const char *key)
{
    item = cJSON_GetObjectItemCaseSensitive(item, key);
    return cJSON_IsString(item) ? item->valuestring : "(no text)";
}

/* False where the key is missing. */
static bool null_at(const cJSON *item, const char *key)
{
    return cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(item, key));
}

static LadderStep ladder_steps[SAMPLE_LAYERS] = {
    {.quantized = true,
     .lambda = 4,
     .spectral = 6.25,
     .hybrid = 1.0 / 3,
     .alone = 1.0 / 7,
     .pull = -0.25,
     .hybrid_correct = 30},
    {.lambda = 2, .hybrid_correct = 30},
    {.quantized = true, .lambda = 1, .spectral = 0.75, .hybrid = 0.1, .alone = 0.2, .hybrid_correct = 29}};

static const Ladder sample_ladder = {.images = 32,
                                     .total = 32,
                                     .labelled = true,
                                     .layer_count = SAMPLE_LAYERS,
                                     .steps = ladder_steps,
                                     .output_norm = 1e3 / 7,
                                     .frobenius = 1e300,
                                     .spectral = 7,
                                     .hybrid = 1.0 / 3 + 0.1,
                                     .measured = 0.4,
                                     .costliest = 0,
                                     .certified = {1, 3, 4, 5, 6, 31},
                                     .stages = 2,
                                     .kept = 32,
                                     .correct = 31,
                                     .seconds = 4.5,
                                     .bytes = 123456789};

static void check_ladder_layers(const cJSON *object)
{
    const cJSON *accuracy = cJSON_GetObjectItem(object, "hybrid_accuracy");
    const cJSON *alone = cJSON_GetObjectItem(object, "alone");
    assert_int_equal(cJSON_GetArraySize(accuracy), SAMPLE_LAYERS);
    assert_int_equal(cJSON_GetArraySize(alone), SAMPLE_LAYERS);
    assert_true(cJSON_GetArrayItem(accuracy, 2)->valuedouble == 29.0 / 32);
    assert_true(cJSON_GetArrayItem(alone, 0)->valuedouble == 1.0 / 7);
    assert_true(cJSON_IsNull(cJSON_GetArrayItem(alone, 1)));
}

static void json_of_a_ladder_has_its_figures(void **state)
{
    Plan *plan = make_plan();
    Result result = plan_alone(plan);
    result.ladder = &sample_ladder;
    result.ladder_on = LADDER_EVALUATION;
    result.run = (RunFacts){.norm_seconds = 1.25, .peak_bytes = 987654321};
    cJSON *root = json_of(&result);
    const cJSON *object = cJSON_GetObjectItem(root, "ladder");
    assert_string_equal(text_at(object, "on"), "evaluation");
    assert_true(number_at(object, "images", NULL) == 32);
    assert_true(number_at(object, "measured", NULL) == sample_ladder.measured);
    assert_true(number_at(object, "hybrid", NULL) == sample_ladder.hybrid);
    assert_true(number_at(object, "spectral", NULL) == sample_ladder.spectral);
    assert_true(number_at(object, "frobenius", NULL) == sample_ladder.frobenius);
    assert_true(number_at(object, "output_norm", NULL) == sample_ladder.output_norm);
    assert_true(number_at(object, "certified", "measured") == 31.0 / 32);
    assert_true(number_at(object, "certified", "hybrid") == 3.0 / 32);
    assert_true(number_at(object, "certified", "spectral") == 1.0 / 32);
    assert_true(number_at(object, "certified", "direction") == 4.0 / 32);
    assert_true(number_at(object, "certified", "one_sided") == 5.0 / 32);
    assert_true(number_at(object, "certified", "by_stage") == 6.0 / 32);
    assert_true(number_at(object, "stages", NULL) == 2);
    assert_string_equal(text_at(object, "costliest"), "conv1");
    assert_true(null_at(object, "culprit") && null_at(object, "violation"));
    check_ladder_layers(object);
    assert_true(number_at(root, "run", "norm_seconds") == 1.25);
    assert_true(number_at(root, "run", "ladder_seconds") == 4.5);
    assert_true(number_at(root, "run", "ladder_bytes") == 123456789);
    assert_true(number_at(root, "run", "peak_bytes") == 987654321);
    const cJSON *layer = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "layers"), 2);
    assert_true(number_at(layer, "lambda", NULL) == 1 &&
                number_at(layer, "spectral_contribution", NULL) == 0.75);
    cJSON_Delete(root);
    plan_drop(plan);
}

static void csv_of_a_ladder_names_its_rungs(void **state)
{
    Plan *plan = make_plan();
    Result result = plan_alone(plan);
    Ladder ladder = sample_ladder;
    result.ladder = &ladder;
    assert_int_equal(plan_csv_write(scratch_path("p.csv"), &result, &message), STATUS_OK);
    char *text = scratch_read(scratch_path("p.csv"));
    assert_non_null(
        strstr(text, ",272,4,0.333333333,0.769230769,2.8959276,6.25,0.892857143,0.917431193,-0.25\r\n2,"));
    assert_non_null(strstr(text, ",136,2,,,,,,,\r\n3,"));
    assert_non_null(strstr(text, ",150,1,0.1,0.230769231,1.57538462,0.75,0.107142857,0.0825688073,0\r\n"));
    free(text);
    ladder.spectral = INFINITY;
    ladder_steps[2].spectral = INFINITY;
    assert_int_equal(plan_csv_write(scratch_path("p.csv"), &result, &message), STATUS_OK);
    ladder_steps[2].spectral = 0.75;
    text = scratch_read(scratch_path("p.csv"));
    assert_non_null(strstr(text, ",150,1,0.1,0.230769231,1.57538462,,,0.0825688073,0\r\n"));
    free(text);
    plan_drop(plan);
}

static void json_of_an_infinite_rung_is_null_and_names_the_node(void **state)
{
    Plan *plan = make_plan();
    Result result = plan_alone(plan);
    Ladder ladder = sample_ladder;
    ladder.spectral = ladder.frobenius = INFINITY;
    ladder.labelled = false;
    ladder.costliest = NO_INDEX;
    ladder.culprit = "exp_7";
    ladder.reason = "exp has no finite slope";
    ladder.violation = "measured is above hybrid";
    result.ladder = &ladder;
    cJSON *root = json_of(&result);
    const cJSON *object = cJSON_GetObjectItem(root, "ladder"),
                *culprit = cJSON_GetObjectItem(object, "culprit");
    assert_string_equal(text_at(object, "on"), "calibration");
    assert_true(null_at(object, "spectral") && null_at(object, "frobenius") && null_at(object, "costliest"));
    assert_true(number_at(object, "hybrid", NULL) == ladder.hybrid);
    assert_string_equal(text_at(culprit, "node"), "exp_7");
    assert_string_equal(text_at(culprit, "reason"), "exp has no finite slope");
    assert_string_equal(text_at(object, "violation"), "measured is above hybrid");
    assert_true(cJSON_IsNull(cJSON_GetArrayItem(cJSON_GetObjectItem(object, "hybrid_accuracy"), 0)));
    cJSON_Delete(root);
    plan_drop(plan);
}

static void json_of_what_was_not_measured_is_null(void **state)
{
    Plan *plan = make_plan();
    Result result = plan_alone(plan);
    const char *path = scratch_path("r.json");
    cJSON *root;
    assert_int_equal(report_json_write(path, &result, &message), STATUS_OK);
    assert_int_equal(json_read(&root, path, 1 << 20, &message), STATUS_OK);
    static const char *const absent[] = {"accuracy", "calibration", "evaluation", "normalization", "ladder"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(root, absent[i])));
    cJSON_Delete(root);

    const Evaluation unlabelled = {.images = 10, .compared = true, .agreeing = 9, .output_sqnr_db = INFINITY};
    result.accuracy = &unlabelled;
    assert_int_equal(report_json_write(path, &result, &message), STATUS_OK);
    assert_int_equal(json_read(&root, path, 1 << 20, &message), STATUS_OK);
    const cJSON *accuracy = cJSON_GetObjectItem(root, "accuracy");
    assert_true(number_at(accuracy, "agreement", NULL) == 0.9);
    static const char *const unknown[] = {"float", "quantized", "change", "change_interval",
                                          "output_sqnr_db"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(accuracy, unknown[i])));
    cJSON_Delete(root);
    plan_drop(plan);
}

/* The default plan's JSON with the first `from` replaced. */
static void refuse_json_with(const char *from, const char *to, Status status, const char *part)
{
    Plan *plan = make_plan(), *read = make_odd_plan(), *before = make_odd_plan();
    const Result result = plan_alone(plan);
    const char *path = scratch_path("r.json");
    assert_int_equal(report_json_write(path, &result, &message), STATUS_OK);
    char *text;
    size_t size;
    assert_int_equal(file_read(&text, &size, path, 1 << 20, &message), STATUS_OK);
    const char *place = strstr(text, from);
    if (!place) fail_msg("the JSON holds no '%s'", from);
    Text changed = {0};
    text_append(&changed, "%.*s%s%s", (int)(place - text), text, to, place + strlen(from));
    path = scratch_text("r.json", changed.data);
    assert_int_equal(report_json_read_plan(read, &sample_network, path, &message), status);
    assert_says("/r.json'");
    assert_says(part);
    assert_true(plan_equal(read, before));
    text_free(&changed);
    free(text);
    plan_drop(plan);
    plan_drop(read);
    plan_drop(before);
}

static void wrong_json_is_refused(void **state)
{
    static const char *const cases[][3] = {
        {"\"hashes\"", "\"hash\"", "key 'hashes': is missing"},
        {"\"plan\":", "\"format\": 1, \"plan\":", "key 'format': is there twice"},
        {"0123456789abcdef", "ffffffffffffffff",
         "key 'hashes.network': the file was made with another network"},
        {"\"seed\":\t\"0\"", "\"seed\": 0", "key 'plan.seed': a text is needed"},
        {"\"seed\":\t\"0\"", "\"seed\": \"-1\"", "key 'plan.seed': '-1'"},
        {"\"seed\":\t\"0\"", "\"seed\": \"18446744073709551616\"", "key 'plan.seed'"},
        {"\"effort\":\t\"default\"", "\"effort\": \"hard\"", "key 'plan.effort': 'hard' is not an effort"},
        {"\"effort\":\t\"default\"", "\"effort\": 2", "key 'plan.effort': a text is needed"},
        {"\"sequential\"", "\"parallel\"", "key 'plan.mode': 'parallel' is not a mode"},
        {"1024", "0", "key 'plan.calibration_images': 0 are too few"},
        {"12000", "1.5", "key 'plan.rows': a whole number"},
        {"12000", "\"some\"", "key 'plan.rows': a number is needed, not a text"},
        {"\"ridge\":\t\"default\"", "\"ridge\": -2", "key 'plan.ridge'"},
        {"\"ridge\":\t\"default\"", "\"ridge\": 1e7", "key 'plan.ridge'"},
        {"\"polish\":\ttrue", "\"polish\": 1", "key 'plan.polish': true or false is needed"},
        {"\"polish\":\ttrue", "\"polysh\": true", "key 'plan.polysh': is not known"},
        {"\"conv1\"", "\"fc\"", "key 'layers[2].name': layer 'fc' is there twice"},
        {"\"conv1\"", "\"conv\"",
         "key 'layers[0].name': the network has no layer 'conv': did you mean 'conv1'?"},
        {"\"weight_bits\":\t8", "\"weight_bits\": 1",
         "key 'layers[0].weight_bits': the grid uniform has 2 to 8 bits, not 1"},
        {"\"uniform\"", "\"cubic\"", "key 'layers[0].grid': no grid is called 'cubic'"},
        {"\"weight_bits\":\t8", "\"weight_bits\": 17", "key 'layers[0].weight_bits': a bit width is needed"},
        {"\"weight_bits\":\t8", "\"weight_bits\": 4.5", "key 'layers[0].weight_bits'"},
        {"\"weight_bits\":\t8", "\"weight_bits\": null", "key 'layers[0].weight_bits'"},
        {"\"nearest-plane\"", "\"magic\"", "key 'layers[0].method': no method is called 'magic': expected "},
        {"\"layers\":\t[", "\"layers\":\t[1,", "key 'layers': element 0: an object is needed, not a number"},
        {"\"layers\":\t[", "\"layers\":\t[], \"old\": [", "key 'layers': layer 'conv1' is missing"},
        {"\"run\":", "\"run\": {}} {\"x\":", "text after the end"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse_json_with(cases[i][0], cases[i][1], STATUS_INVALID, cases[i][2]);
    refuse_json_with("bitsplit_error", "bitsplit\\u0000error", STATUS_INVALID, "\\u0000");
    refuse_json_with("bitstitch/2", "bitstitch/3", STATUS_UNSUPPORTED, "key 'format': 'bitstitch/3'");
    refuse_json_with(
        "\"activation_bits\":\t\"float\"", "\"activation_bits\": 8", STATUS_INVALID,
        "key 'layers[0].activation_bits': layer 'conv1' reads the network's input, which stays float");
}

/* --- both ------------------------------------------------------------------------------------------- */

static void the_locale_does_not_matter(void **state)
{
    static const char *const locales[] = {"de_DE.utf8", "de_DE",      "fr_FR.utf8",
                                          "fr_FR",      "nl_NL.utf8", "it_IT.utf8"};
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++)
        if (setlocale(LC_ALL, locales[i]) && localeconv()->decimal_point[0] == ',') {
            check_csv_of_a_run();
            check_json_comes_back();
            return;
        }
    skip(); /* no locale with a decimal comma is installed */
}

static void unwritable_output_leaves_the_old_file(void **state)
{
    Plan *plan = make_plan();
    const Result result = plan_alone(plan);
    const char *paths[] = {scratch_path("none/p"), scratch, "/dev/full"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(plan_csv_write(paths[i], &result, &message), STATUS_IO);
        assert_says(paths[i]);
        assert_int_equal(report_json_write(paths[i], &result, &message), STATUS_IO);
        assert_says(paths[i]);
    }
    assert_int_equal(scratch_count(), 0);
    plan_drop(plan);
}

static void the_suffix_names_the_format(void **state)
{
    static const struct {
        const char *path;
        ExportFormat format;
    } known[] = {{"a.csv", EXPORT_CSV}, {"/b.onnx/c.JSON", EXPORT_JSON}, {"d.json.Onnx", EXPORT_ONNX}};
    static const char *const unknown[] = {"", "csv", "a.txt", "a.csv.gz", "a.json/b", "a."};
    ExportFormat format;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_int_equal(export_format(&format, known[i].path, &message), STATUS_OK);
        assert_int_equal(format, known[i].format);
    }
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_int_equal(export_format(&format, unknown[i], &message), STATUS_INVALID);
        assert_says(".csv, .json or .onnx");
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(csv_of_a_plan_alone),
        TEST(csv_of_a_run),
        TEST(csv_comes_back),
        TEST(csv_cells_are_no_formulas),
        TEST(csv_by_hand_is_read),
        TEST(csv_without_grids),
        TEST(wrong_csv_is_refused),
        TEST(large_csv_is_refused),
        TEST(json_comes_back),
        TEST(json_of_a_run_has_its_figures),
        TEST(csv_of_a_ladder_names_its_rungs),
        TEST(json_of_a_ladder_has_its_figures),
        TEST(json_of_an_infinite_rung_is_null_and_names_the_node),
        TEST(json_of_what_was_not_measured_is_null),
        TEST(wrong_json_is_refused),
        TEST(the_locale_does_not_matter),
        TEST(the_suffix_names_the_format),
        TEST(unwritable_output_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
