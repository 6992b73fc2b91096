#include "pim/nearbank/validation.h"

#include <stdexcept>
#include <string>

#include "pim/nearbank/channel.h"
#include "pim/nearbank/command_run.h"
#include "pim/nearbank/device.h"
#include "workloads/graph/workload.h"

namespace wattlas::pim::nearbank {

namespace {

/// The plain half of a shipped device.
class Loaded final : public NearBankDevice {
 public:
  Loaded(const SearchPath& path, const std::string& id) {
    const auto file = path.find("devices", id);
    if (!file) throw InputError("device file '" + id + "' not found");
    ConfigNode config = loadConfig(*file, path);
    config.erase("kind");
    Problems problems;
    configure(config, "device", problems);
    problems.finish();
  }
  std::vector<Fidelity> fidelities() const override { return {Fidelity::analytic}; }
};

class Rows {
 public:
  void add(const std::string& id, const char* kind, const char* quantity, const char* unit,
           double ours, double reference, double gate, double target, const std::string& source) {
    ValidationRow row;
    row.group = "banks";
    row.id = id;
    row.kind = kind;
    row.quantity = quantity;
    row.unit = unit;
    row.ours = rounded(ours);
    row.reference = reference;
    row.gate = gate;
    row.target = target;
    row.source = source;
    rows.push_back(std::move(row));
  }
  ValidationRows rows;
};

double cycles(Ticks time, const NearBankParams& p) {
  return toSeconds(time).value / p.timing.tCK.value.value;
}

Sequence gemv(std::int64_t outputs, std::int64_t inputs, const NearBankParams& p) {
  Sequence s;
  MatrixWork work;
  work.outputs = (outputs + p.channels - 1) / p.channels;
  work.inputs = inputs;
  if (p.registerFile()) enterMode(s, p);
  appendProduct(s, work, p);
  if (p.registerFile()) leaveMode(s, p);
  return s;
}

void hbmPim(const SearchPath& path, Rows& rows) {
  const Loaded device(path, "hbm-pim");
  const NearBankParams& p = device.params();
  const std::string source = "Samsung PIMSimulator, 64 pseudo channels, fp16, cycles of 1 ns";
  const auto both = [&](const std::string& id, const char* kind, const Sequence& s,
                        double reference) {
    const Ticks event = Channel(p, true, true).run(s).time;
    const Ticks detail = CommandRun(p, true).run(s).time;
    rows.add(id + "-event", kind, "PIM cycles by groups of commands", "cycles", cycles(event, p),
             reference, 0.05, 0.02, source);
    rows.add(id + "-detailed", kind, "PIM cycles command by command", "cycles", cycles(detail, p),
             reference, 0.05, 0.02, source);
    rows.add(id + "-closed", kind, "PIM cycles of the phase table", "cycles",
             cycles(phaseTable(s, p, true).time(), p), reference, 0.05, 0.02, source);
  };
  both("hbm-pim-gemv-1024x1024", "calibration", gemv(1024, 1024, p), 3662);
  both("hbm-pim-gemv-4096x4096", "calibration", gemv(4096, 4096, p), 13166);
  const auto elementWise = [&](std::int64_t values, int operands) {
    Sequence s;
    enterMode(s, p);
    appendElementWise(s, values / (p.channels * p.banks * 16), operands, p);
    leaveMode(s, p);
    return s;
  };
  // Never looked at while the sequences were written. The one of mul showed that a refresh finds no
  // gap while banks are parked: no longer blind.
  both("hbm-pim-add-1Mi", "blind", elementWise(1 << 20, 2), 3349);
  both("hbm-pim-relu-4Mi", "blind", elementWise(1 << 22, 1), 7665);
  both("hbm-pim-mul-2Mi", "calibration", elementWise(1 << 21, 2), 5926);
  // Without the units: weights and input through the pins, result out, input in, result out.
  Sequence host;
  const double weights = 4096.0 * 4096 * 16, vector = 4096.0 * 16;
  const double channels = static_cast<double>(p.channels);
  appendStream(host, (weights + vector) / channels, "weights and input", p);
  for (const char* phase : {"result", "input again", "result again"})
    appendStream(host, vector / channels, phase, p);
  host.tail = ChannelClock(p.timing).read;
  rows.add("hbm-pim-host-4096x4096", "calibration", "cycles of the host alone", "cycles",
           cycles(CommandRun(p, true).run(host).time, p), 36082, 0.05, 0.02, source);
}

void aim(const SearchPath& path, Rows& rows) {
  const Loaded device(path, "gddr6-aim");
  const NearBankParams& p = device.params();
  const std::string source =
      "arkhadem/aim_simulator, 32 channels, fp16, clocks of 0.5 ns; it issues no refresh";
  // A stream of MAC commands over rows: the distance of two rows.
  const auto stream = [&](std::int64_t k) {
    Sequence s;
    s.section(1).blocks = {
        {{{Verb::mac, 64, 0, firstDataRow, s.phase("multiply-accumulate"), false}}, k, 1}};
    return CommandRun(p, true).run(s).time;
  };
  rows.add("gddr6-aim-row-pass", "identity", "clocks of a row pass", "clocks",
           cycles(stream(7) - stream(6), p), 226, 1e-9, 1e-9,
           "nRCDRDMAC 56 + 63 x nCCDL 2 + nRTP 12 + nRP 32");
  const Sequence s = gemv(4096, 4096, p);
  rows.add("gddr6-aim-gemv-4096x4096-event", "calibration", "clocks by groups of commands",
           "clocks", cycles(Channel(p, true, true).run(s).time, p), 9664, 0.05, 0.02, source);
  rows.add("gddr6-aim-gemv-4096x4096-detailed", "calibration", "clocks command by command",
           "clocks", cycles(CommandRun(p, true).run(s).time, p), 9664, 0.05, 0.02, source);
}

double coefficient(const Device& device, const std::string& id) {
  for (const Coefficient& c : device.energy().all())
    if (c.id == id) return c.perCount.value.value;
  throw std::logic_error("no coefficient " + id);
}

void screening(const SearchPath& path, Rows& rows) {
  const std::string source = "energy table of scale-snu/attacc_simulator";
  struct Step {
    const char* id;
    double reference;
  };
  for (const Step& step :
       {Step{"attacc-bank", 0.55}, {"attacc-bg", 1.56}, {"attacc-buffer", 3.29}}) {
    // Joules of the MAC reads of a sequence without any other traffic, over its bits.
    const Loaded device(path, step.id);
    const NearBankParams& p = device.params();
    const double row = p.rowBits.value.value;
    double joules = coefficient(device, "dram.activation") / row + coefficient(device, "dram.cell");
    if (p.place() != MacPlacement::bank) joules += coefficient(device, "path.bankGroup");
    if (p.place() == MacPlacement::bufferDie)
      joules += coefficient(device, "path.io") + coefficient(device, "path.tsv");
    rows.add(std::string(step.id) + "-read", "identity", "energy of a weight bit", "pJ/bit",
             joules * 1e12, step.reference, 1e-6, 1e-6, source);
    rows.add(std::string(step.id) + "-mac", "identity", "energy of a product", "pJ",
             coefficient(device, "unit.mac") * 1e12, 0.32, 1e-6, 1e-6, source);
  }
  const Loaded neupims(path, "neupims");
  rows.add("neupims-comp", "identity", "COMP over a read burst", "",
           coefficient(neupims, "dram.macCommand") / neupims.params().energy.readBurst.value.value,
           4, 1e-6, 1e-6, "NewtonSim in casys-kaist/NeuPIMs");
}

void cent(const SearchPath& path, Rows& rows) {
  const Loaded device(path, "cent-x8");
  ConfigNode sets = ConfigNode::ofMap();
  sets.set("prompt", ConfigNode::ofScalar("4095"));
  sets.set("generate", ConfigNode::ofScalar("1"));
  const Workload w = makeWorkload("llama2-7b", sets, path);
  double seconds = 0, joules = 0;
  for (const Phase& phase : w.phases) {
    if (phase.kind != PhaseKind::decode) continue;
    for (const OpId id : phase.graph.order()) {
      const auto program = device.lower({phase.graph, {id}, phase.kind});
      if (!program) continue;
      const Profile profile = device.estimate(**program);
      const double n = static_cast<double>(phase.graph.at(id).count);
      seconds +=
          n * (toSeconds(profile.alone()).value + toSeconds(device.launch().perProgram).value);
      for (const Segment& s : profile.segments)
        joules += n * s.energy.energy(device.energy()).value * static_cast<double>(s.repeat);
    }
  }
  for (const CoefficientId id : device.energy().powers())
    joules += device.energy().at(id).perCount.value.value * 1e12 * seconds;
  const std::string source =
      "CENT, Llama2-7B on eight devices, sequence 4,096; mapping and link parameters are not "
      "published with the number: reported";
  rows.add("cent-x8-decode", "blind", "decode of one token", "tokens/s", 1 / seconds, 598.5, -1, -1,
           source);
  rows.add("cent-x8-energy", "blind", "decode of one token", "mJ", joules * 1e3, 100.1, -1, -1,
           source + "; 598.5 tokens/s x 100.1 mJ is 59.9 W, the same row says 92.9 W");
}

}  // namespace

ValidationRows validationRows(const SearchPath& path) {
  Rows rows;
  hbmPim(path, rows);
  aim(path, rows);
  screening(path, rows);
  cent(path, rows);
  return std::move(rows.rows);
}

}  // namespace wattlas::pim::nearbank
