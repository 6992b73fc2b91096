// ONNX files from outside: nothing crashes, nothing is read outside of the model's folder, and
// limits come before memory.
#include <gmock/gmock.h>

#include "tests/graph/workload_fixture.h"
#include "tests/import/onnx_builder.h"

namespace wattlas {
namespace {

using testing::errorOf;
using ::testing::HasSubstr;
using testing::OnnxModel;

OnnxModel small() {
  OnnxModel m;
  m.input("x", {1, 3, 8, 8}).weight("w", {4, 3, 3, 3}).output("y");
  m.node("Conv", {"x", "w"}, {"y"});
  return m;
}

TEST(OnnxHostile, TruncatedAndChangedBytesAreRefusedOrRead) {
  const std::string bytes = small().model.SerializeAsString();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string cut = bytes.substr(0, at), changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x5A);
    for (const std::string& text : {cut, changed}) try {
        buildWorkload("m", onnx_import::importBytes(text, "m.onnx", "m", {}).description,
                      ConfigNode::ofMap());
      } catch (const InputError&) {
      }
  }
}

TEST(OnnxHostile, ExternalDataStaysInTheFolder) {
  OnnxModel m = small();
  auto* shape = m.graph().add_initializer();
  shape->set_name("outside");
  shape->set_data_type(onnx::TensorProto::INT64);
  shape->add_dims(1);
  shape->set_data_location(onnx::TensorProto::EXTERNAL);
  auto* entry = shape->add_external_data();
  entry->set_key("location");
  for (const char* location : {"../secret", "/etc/passwd", "a/../../b", ""}) {
    entry->set_value(location);
    EXPECT_NE(errorOf([&] { m.import(); }), "") << location;
  }
}

TEST(OnnxHostile, HugeExtentsAreRefusedBeforeMemory) {
  OnnxModel m = small();
  auto* w = m.graph().mutable_initializer(0);
  w->set_dims(0, std::int64_t{1} << 60);
  EXPECT_THAT(errorOf([&] { m.import(); }), HasSubstr("too large"));
  OnnxModel e;
  e.whole("shape", {1LL << 40, 1LL << 40}).output("y");
  e.node("ConstantOfShape", {"shape"}, {"y"});
  EXPECT_NE(errorOf([&] { e.build(); }), "");
}

TEST(OnnxHostile, DeeplyNestedGraphsAreRefused) {
  OnnxModel m;
  m.input("x", {1}).input("go", {1}, onnx::TensorProto::BOOL).output("y");
  onnx::GraphProto* graph = &m.graph();
  for (int i = 0; i < 40; ++i) {
    auto* choice = OnnxModel::add(*graph, "If", {"go"}, {"y"});
    onnx::GraphProto* next = nullptr;
    for (const char* name : {"else_branch", "then_branch"}) {
      auto* attribute = choice->add_attribute();
      attribute->set_name(name);
      attribute->set_type(onnx::AttributeProto::GRAPH);
      next = attribute->mutable_g();
      next->add_output()->set_name("y");
      OnnxModel::add(*next, "Identity", {"x"}, {"unused"});
    }
    graph = next;
  }
  EXPECT_NE(errorOf([&] { m.import(); }), "");
}

TEST(OnnxHostile, FunctionsThatMultiplyAreStopped) {
  OnnxModel m;
  m.input("x", {1}).output("y");
  for (int i = 0; i < 30; ++i) {
    auto* f = m.model.add_functions();
    f->set_domain("f");
    f->set_name("f" + std::to_string(i));
    f->add_input("a");
    f->add_output("c");
    for (int k = 0; k < 2; ++k) {
      auto* node = f->add_node();
      node->set_domain(i == 29 ? "" : "f");
      node->set_op_type(i == 29 ? "Relu" : "f" + std::to_string(i + 1));
      node->add_input(k == 0 ? "a" : "b");
      node->add_output(k == 0 ? "b" : "c");
    }
  }
  m.node("f0", {"x"}, {"y"})->set_domain("f");
  EXPECT_THAT(errorOf([&] { m.import(); }), HasSubstr("400000 nodes"));
}

TEST(OnnxHostile, MissingValuesAndEmptyGraphsAreNamed) {
  OnnxModel m;
  m.input("x", {1}).output("y");
  EXPECT_THAT(errorOf([&] { m.import(); }), HasSubstr("no graph"));
  m.node("Relu", {"nothing"}, {"y"});
  EXPECT_THAT(errorOf([&] { m.import(); }), HasSubstr("nothing"));
}

}  // namespace
}  // namespace wattlas
