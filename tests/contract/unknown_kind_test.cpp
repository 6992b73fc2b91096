// Does a device refuse what nobody implemented for it? Kinds of every class that exist only here.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <fstream>

#include "tests/contract/suite.h"
#include "validation/probe.h"
#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

/// One kind of each class, with a cost that a device could charge if it did not refuse it.
const std::vector<OpKind>& strangers() {
  static const std::vector<OpKind> kinds = [] {
    std::vector<OpKind> out;
    for (const OpClass c : {OpClass::product, OpClass::elementwise, OpClass::reduction,
                            OpClass::recurrent, OpClass::gather, OpClass::exchange}) {
      KindSpec spec;
      spec.opClass = c;
      spec.dims = {Dim::M, Dim::N};
      spec.cost = [](Costing& costing) {
        const Exact values = costing.dim(Dim::M) * costing.dim(Dim::N);
        costing.stream(values, values, 7);
        costing.cost.macs = values;
      };
      out.push_back(addKind(std::string("strange_") + nameOf(c), spec));
    }
    return out;
  }();
  return kinds;
}

/// A device may accept the class elementwise as a whole; no other.
bool mayAccept(const Device& device, OpKind kind) {
  return specOf(kind).opClass == OpClass::elementwise && device.kinds().has(kind);
}

class UnknownKind : public ::testing::TestWithParam<std::string> {
 protected:
  static std::string file(OpKind kind) {
    const auto at = std::filesystem::path(::testing::TempDir()) / std::to_string(::getpid()) /
                    (std::string(nameOf(kind)) + "-workload.yaml");
    std::filesystem::create_directories(at.parent_path());
    std::ofstream(at) << "generator: operators\noperators:\n  - {name: odd, kind: " << nameOf(kind)
                      << ", dims: {M: 64, N: 64}}\n";
    return at.string();
  }
};

TEST_P(UnknownKind, IsRefusedByDeviceAndHostWithItsName) {
  for (const OpKind kind : strangers()) {
    const Experiment x = suite::experiment(GetParam(), {file(kind), "int8"});
    for (const Component* side : {&x.platform->device, &x.platform->host}) {
      if (side->device == nullptr || mayAccept(*side->device, kind)) continue;
      const Operator& op = x.workload->phases[0].graph.at(0);
      const Support support = side->device->support(op);
      EXPECT_EQ(support.level, Support::Level::refused) << nameOf(kind) << " on " << side->name;
      EXPECT_THAT(support.how, HasSubstr(nameOf(kind)));
      const WorkItem item{x.workload->phases[0].graph, {0}, PhaseKind::inference, 0};
      EXPECT_FALSE(side->device->lower(item)) << nameOf(kind) << " on " << side->name;
    }
  }
}

TEST_P(UnknownKind, RunIsInfeasibleAndNamesIt) {
  for (const OpKind kind : strangers()) {
    const Experiment x = suite::experiment(GetParam(), {file(kind), "int8"});
    const Device* host = x.platform->host.device.get();
    if (mayAccept(*x.platform->device.device, kind) || (host != nullptr && mayAccept(*host, kind)))
      continue;
    const RunResult result = suite::Runner()(x);
    EXPECT_FALSE(result.feasible) << nameOf(kind);
    EXPECT_THAT(result.reasons, Contains(HasSubstr(nameOf(kind))));
  }
}

TEST_P(UnknownKind, PredictRefusesItWithItsName) {
  RowPredictor predictor(suite::registry(), suite::path(), GetParam(),
                         {parseAssignment("run.fidelity=analytic")});
  for (const OpKind kind : strangers()) {
    const Experiment x = suite::experiment(GetParam(), {file(kind), "int8"});
    if (mayAccept(*x.platform->device.device, kind)) continue;
    CsvOperator row;
    row.op = x.workload->phases[0].graph.at(0);
    const Prediction p = predictor.predict(row);
    EXPECT_FALSE(p.feasible) << nameOf(kind);
    EXPECT_THAT(p.reason, HasSubstr(nameOf(kind)));
  }
}

TEST(KindTable, FormsThatADeviceDoesNotNameAreRefused) {
  const KindSet known{OpKind::conv2d, OpKind::norm};
  Operator op;
  op.kind = OpKind::conv2d;
  EXPECT_EQ(known.missing(op), "");
  op.dims[Dim::dilation] = 2;
  EXPECT_THAT(known.missing(op), HasSubstr("dilation"));
  EXPECT_EQ(KindSet({OpKind::conv2d}).withWindows().missing(op), "");
  Operator norm;
  norm.kind = OpKind::norm;
  norm.variant = OpVariant::group;
  EXPECT_THAT(known.missing(norm), HasSubstr("group"));
}

std::string nameOfCase(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

// One platform of each family and host.
INSTANTIATE_TEST_SUITE_P(Families, UnknownKind,
                         ::testing::Values("gpu-h100-sxm", "upmem-server", "upmem-samac-col256",
                                           "pim-ai-4chip", "hbm-pim", "gddr6-aim", "simdram-ddr4",
                                           "neupims", "roofline-h100-x8", "fpga-zcu104",
                                           "cpu-xeon"),
                         nameOfCase);

}  // namespace
}  // namespace wattlas
