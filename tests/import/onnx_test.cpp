// ONNX graphs -> operators: what runs, with which shapes and formats, and what is refused.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/graph/workload_fixture.h"
#include "tests/import/onnx_builder.h"
#include "workloads/graph/kind.h"

namespace wattlas {
namespace {

using testing::errorOf;
using ::testing::HasSubstr;
using testing::OnnxModel;

std::vector<std::string> kinds(const Workload& w) {
  std::vector<std::string> out;
  for (std::size_t v = 0; v < w.phases[0].graph.size(); ++v)
    out.emplace_back(nameOf(w.phases[0].graph.at(static_cast<OpId>(v)).kind));
  return out;
}

const Operator& op(const Workload& w, const std::string& name) {
  return testing::find(w.phases[0], name);
}

TEST(Onnx, ConvolutionWithBiasAndStride) {
  OnnxModel m;
  m.input("x", {1, 3, 32, 32}).weight("w", {16, 3, 3, 3}).weight("b", {16}).output("y");
  auto* conv = m.node("Conv", {"x", "w", "b"}, {"y"});
  OnnxModel::set(conv, "strides", OnnxModel::Dims{2, 2});
  OnnxModel::set(conv, "pads", OnnxModel::Dims{1, 1, 1, 1});
  const Workload w = m.build();
  EXPECT_EQ(w.totals().macsPrefill, 16 * 16 * 16 * 27);
  EXPECT_EQ(w.totals().parameters, 16 * 27 + 16);
  EXPECT_EQ(w.formats.name, "fp32");
}

TEST(Onnx, ShapesAreComputedThroughChains) {
  // Shape -> Gather -> Div -> Concat -> Reshape, as exporters write the split into heads.
  OnnxModel m(11);
  m.input("x", {2, 12, 64}).weight("w", {16, 8}).output("y");
  m.whole("four", {4}).whole("last", {2}).whole("front", {0, 1}).whole("open", {-1});
  m.node("Shape", {"x"}, {"s"});
  m.node("Gather", {"s", "last"}, {"width"});
  m.node("Div", {"width", "four"}, {"part"});
  m.node("Gather", {"s", "front"}, {"head"});
  OnnxModel::set(m.node("Concat", {"head", "open", "part"}, {"target"}), "axis", 0);
  m.node("Reshape", {"x", "target"}, {"r"});
  m.node("MatMul", {"r", "w"}, {"y"});
  const Workload w = m.build();
  EXPECT_EQ(kinds(w), std::vector<std::string>{"gemm"});
  EXPECT_EQ(op(w, "y").dims[Dim::M], 2 * 12 * 4);
  EXPECT_EQ(op(w, "y").dims[Dim::K], 16);
}

TEST(Onnx, MatrixProductsTakeTheirBias) {
  OnnxModel m;
  m.input("x", {1, 8, 32}).weight("w", {32, 64}).weight("b", {64}).output("y");
  m.node("MatMul", {"x", "w"}, {"p"});
  m.node("Add", {"b", "p"}, {"y"});
  const Workload w = m.build();
  EXPECT_EQ(kinds(w), std::vector<std::string>{"gemm"});
  EXPECT_EQ(w.totals().parameters, 32 * 64 + 64);
}

TEST(Onnx, NamedDimensionsAreBound) {
  OnnxModel m;
  m.weight("w", {32, 64}).output("y");
  m.input("x", {-1, -1, 32});
  auto* shape = m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape->mutable_dim(0)->set_dim_param("batch");
  shape->mutable_dim(1)->set_dim_param("rows");
  m.node("MatMul", {"x", "w"}, {"y"});
  EXPECT_THAT(errorOf([&] { m.import(); }), HasSubstr("--bind rows=N"));
  ImportOptions options;
  options.bind["rows"] = 10;
  EXPECT_EQ(op(m.build(options), "y").dims[Dim::M], 10);
  options.bind["colums"] = 10;
  EXPECT_THAT(errorOf([&] { m.import(options); }), HasSubstr("colums"));
}

TEST(Onnx, OnlyTheTakenBranchCounts) {
  OnnxModel m;
  m.input("x", {1, 32}).weight("w", {32, 64}).output("y");
  m.graph().mutable_initializer(0)->set_name("w");
  auto* yes = m.graph().add_initializer();
  yes->set_name("yes");
  yes->set_data_type(onnx::TensorProto::BOOL);
  yes->add_int32_data(0);
  auto* choice = m.node("If", {"yes"}, {"y"});
  for (const char* name : {"then_branch", "else_branch"}) {
    auto* attribute = choice->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::GRAPH);
    auto* graph = attribute->mutable_g();
    const bool first = std::string(name) == "then_branch";
    OnnxModel::add(*graph, first ? "MatMul" : "Relu",
                   first ? OnnxModel::Names{"x", "w"} : OnnxModel::Names{"x"}, {"z"});
    graph->add_output()->set_name("z");
  }
  EXPECT_EQ(kinds(m.build()), std::vector<std::string>{"activation"});
}

TEST(Onnx, LoopsCountTheirBody) {
  OnnxModel m;
  m.input("x", {1, 32}).weight("w", {32, 32}).whole("five", {5}).output("y");
  m.graph().mutable_initializer(1)->clear_dims();
  auto* loop = m.node("Loop", {"five", "", "x"}, {"y"});
  auto* attribute = loop->add_attribute();
  attribute->set_name("body");
  attribute->set_type(onnx::AttributeProto::GRAPH);
  auto* body = attribute->mutable_g();
  for (const char* name : {"i", "go", "state"}) body->add_input()->set_name(name);
  OnnxModel::add(*body, "MatMul", {"state", "w"}, {"next"});
  body->add_output()->set_name("go");
  body->add_output()->set_name("next");
  const Workload w = m.build();
  ASSERT_EQ(w.phases[0].graph.size(), 1u);
  EXPECT_EQ(w.totals().macsPrefill, 5 * 32 * 32);
  EXPECT_EQ(w.totals().parameters, 32 * 32);
}

TEST(Onnx, QuantisedOperatorsAreIntegers) {
  OnnxModel m;
  m.input("x", {1, 3, 8, 8}).weight("wq", {4, 3, 3, 3}, onnx::TensorProto::INT8).output("y");
  m.scalar("s", 0.1F);
  auto* zero = m.graph().add_initializer();
  zero->set_name("z");
  zero->set_data_type(onnx::TensorProto::INT8);
  zero->add_int32_data(0);
  m.node("QuantizeLinear", {"x", "s", "z"}, {"xq"});
  m.node("DequantizeLinear", {"xq", "s", "z"}, {"xd"});
  m.node("DequantizeLinear", {"wq", "s", "z"}, {"wd"});
  m.node("Conv", {"xd", "wd"}, {"c"});
  m.node("Relu", {"c"}, {"r"});
  m.node("QuantizeLinear", {"r", "s", "z"}, {"rq"});
  m.node("DequantizeLinear", {"rq", "s", "z"}, {"y"});
  const Workload w = m.build();
  EXPECT_EQ(kinds(w), (std::vector<std::string>{"quantize", "conv2d", "activation", "dequantize"}));
  for (const char* name : {"c", "r"}) {
    EXPECT_EQ(op(w, name).formats.activation.bits, 8) << name;
    EXPECT_FALSE(op(w, name).formats.activation.isFloat()) << name;
  }
  EXPECT_EQ(op(w, "c").formats.weight.bits, 8);
}

TEST(Onnx, QonnxStatesTheWidthOfWeights) {
  OnnxModel m;
  m.input("x", {1, 16}).weight("w", {16, 8}).output("y");
  m.scalar("s", 0.1F).scalar("z", 0).scalar("bits", 4);
  m.node("Quant", {"w", "s", "z", "bits"}, {"wq"})->set_domain("qonnx.custom_op.general");
  m.node("MatMul", {"x", "wq"}, {"y"});
  EXPECT_EQ(op(m.build(), "y").formats.weight.bits, 4);
}

TEST(Onnx, LayerNormWrittenOutIsOneOperator) {
  OnnxModel m(14);
  m.input("x", {1, 8, 32}).weight("g", {32}).weight("b", {32}).output("y");
  m.scalar("two", 2).scalar("eps", 1e-5F);
  OnnxModel::set(m.node("ReduceMean", {"x"}, {"mean"}), "axes", OnnxModel::Dims{-1});
  m.node("Sub", {"x", "mean"}, {"d"});
  m.node("Pow", {"d", "two"}, {"q"});
  OnnxModel::set(m.node("ReduceMean", {"q"}, {"v"}), "axes", OnnxModel::Dims{-1});
  m.node("Add", {"v", "eps"}, {"e"});
  m.node("Sqrt", {"e"}, {"r"});
  m.node("Div", {"d", "r"}, {"n"});
  m.node("Mul", {"n", "g"}, {"s"});
  m.node("Add", {"s", "b"}, {"y"});
  const Workload w = m.build();
  EXPECT_EQ(kinds(w), std::vector<std::string>{"norm"});
  EXPECT_EQ(w.totals().parameters, 64);
  EXPECT_EQ(op(w, "y").variant, OpVariant::layer);
}

TEST(Onnx, GeluWrittenOutIsOneOperator) {
  OnnxModel m;
  m.input("x", {1, 8, 32}).output("y");
  m.scalar("root", 1.41421356F).scalar("one", 1).scalar("half", 0.5F);
  m.node("Div", {"x", "root"}, {"a"});
  m.node("Erf", {"a"}, {"e"});
  m.node("Add", {"e", "one"}, {"p"});
  m.node("Mul", {"x", "p"}, {"t"});
  m.node("Mul", {"t", "half"}, {"y"});
  const Workload w = m.build();
  EXPECT_EQ(kinds(w), std::vector<std::string>{"activation"});
  EXPECT_EQ(op(w, "y").variant, OpVariant::gelu);
}

TEST(Onnx, AttentionBetweenTwoProductsIsOneOperator) {
  OnnxModel m;
  m.input("q", {2, 8, 16, 64}).input("k", {2, 8, 16, 64}).input("v", {2, 8, 16, 64}).output("y");
  m.scalar("scale", 8);
  OnnxModel::set(m.node("Transpose", {"k"}, {"kt"}), "perm", OnnxModel::Dims{0, 1, 3, 2});
  m.node("MatMul", {"q", "kt"}, {"s"});
  m.node("Div", {"s", "scale"}, {"d"});
  OnnxModel::set(m.node("Softmax", {"d"}, {"p"}), "axis", -1);
  m.node("MatMul", {"p", "v"}, {"y"});
  const Workload w = m.build();
  EXPECT_EQ(kinds(w), std::vector<std::string>{"attention"});
  EXPECT_EQ(w.totals().macsPrefill, 2LL * 8 * 16 * 16 * 64 * 2);
}

TEST(Onnx, TiedTablesCountOnce) {
  OnnxModel m;
  m.input("ids", {1, 8}, onnx::TensorProto::INT64).weight("table", {100, 16}).output("y");
  m.node("Gather", {"table", "ids"}, {"e"});
  m.node("Transpose", {"table"}, {"t"});
  m.node("MatMul", {"e", "t"}, {"y"});
  EXPECT_EQ(m.build().totals().parameters, 1600);
}

TEST(Onnx, FunctionsOfTheModelAreOpened) {
  OnnxModel m;
  m.input("x", {1, 32}).weight("w", {32, 8}).output("y");
  auto* function = m.model.add_functions();
  function->set_domain("pkg");
  function->set_name("Linear");
  function->add_input("a");
  function->add_input("b");
  function->add_output("c");
  auto* inner = function->add_node();
  inner->set_op_type("MatMul");
  inner->add_input("a");
  inner->add_input("b");
  inner->add_output("c");
  m.node("Linear", {"x", "w"}, {"y"})->set_domain("pkg");
  EXPECT_EQ(m.build().totals().macsPrefill, 256);
}

TEST(Onnx, UnknownOperatorsAreCountedAndRefused) {
  OnnxModel m;
  m.input("x", {1, 32}).output("y");
  m.node("Whirl", {"x"}, {"a"})->set_domain("com.example");
  m.node("Relu", {"a"}, {"y"});
  EXPECT_THAT(errorOf([&] { m.import(); }), HasSubstr("com.example.Whirl (1)"));
}

TEST(Onnx, AllowedUnknownOperatorsAreNoted) {
  OnnxModel m;
  m.input("x", {1, 32}).output("y").output("z");
  m.node("Relu", {"x"}, {"y"});
  m.node("Whirl", {"y"}, {"z"})->set_domain("com.example");
  ImportOptions options;
  options.allowUnknown = true;
  const ImportedModel model = m.import(options);
  ASSERT_EQ(model.unknown.size(), 1u);
  EXPECT_EQ(model.unknown[0].count, 1);
  EXPECT_THAT(model.notes.back(), HasSubstr("left out"));
}

TEST(Onnx, NewerFilesAreReadWithANote) {
  OnnxModel m(23);
  m.model.set_ir_version(11);
  m.input("x", {1, 8, 32}).weight("g", {32}).output("y");
  m.node("RMSNormalization", {"x", "g"}, {"n"});
  m.node("Gelu", {"n"}, {"y"});
  const ImportedModel model = m.import();
  EXPECT_THAT(model.notes.front(), HasSubstr("newer than the library"));
  EXPECT_EQ(kinds(m.build()), (std::vector<std::string>{"norm", "activation"}));
}

TEST(Onnx, WrittenOutYamlGivesTheSameNetwork) {
  OnnxModel m;
  m.input("x", {1, 3, 16, 16}).weight("w", {8, 3, 3, 3}).output("y");
  m.node("Conv", {"x", "w"}, {"c"});
  m.node("Relu", {"c"}, {"y"});
  const ImportedModel model = m.import();
  const Workload again =
      buildWorkload("model", parseYaml(model.description.toYaml(), "m.yaml"), ConfigNode::ofMap());
  EXPECT_EQ(again.config.hash(), m.build().config.hash());
}

/// The tests that come with ONNX 1.12, where they are installed.
TEST(Onnx, NodeTestsHaveTheShapesOfTheirReferences) {
  const std::filesystem::path folder = "/usr/share/libonnx-testdata/data/node";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "libonnx-testdata is not installed";
  int exact = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    exact += readOnnxExample(entry.path().string()).exact ? 1 : 0;
  EXPECT_GE(exact, 840);
}

}  // namespace
}  // namespace wattlas
