// wattlas dpu asm | objdump | run | isa-report | isa-export
#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "models/base/atomic_file.h"
#include "pim/dpu/exec/machine.h"
#include "pim/dpu/isa/isa_report.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas {
namespace {

std::vector<std::uint8_t> readBytes(const std::string& file, std::size_t limit) {
  const std::string text = readTextFile(file, limit);
  return {text.begin(), text.end()};
}

/// "NAME" or "NAME+OFFSET", the offset in bytes. Throws InputError.
struct Place {
  std::string symbol;
  std::uint32_t offset = 0;
};

Place parsePlace(const std::string& text, const char* flag) {
  const std::size_t plus = text.find('+');
  Place place{text.substr(0, plus), 0};
  if (plus == std::string::npos) return place;
  const std::string number = text.substr(plus + 1);
  std::size_t used = 0;
  unsigned long long value = 0;
  try {
    value = std::stoull(number, &used, 0);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != number.size() || value >= dpu::kMramBytes)
    throw InputError(Problem{{flag, 0},
                             {},
                             "'" + number.substr(0, 40) + "' is no offset into a memory",
                             "SYMBOL+BYTES, such as output+0x1000",
                             {}});
  place.offset = static_cast<std::uint32_t>(value);
  return place;
}

/// "NAME[+OFFSET]:BYTES[=FILE]"
struct DumpRequest {
  Place place;
  std::string file;
  std::uint32_t bytes = 0;
};

DumpRequest parseDump(const std::string& text) {
  const auto complain = [&] {
    throw InputError(Problem{{"--dump", 0},
                             {},
                             "'" + text.substr(0, 80) + "' is not understood",
                             "SYMBOL[+OFFSET]:BYTES or SYMBOL[+OFFSET]:BYTES=FILE",
                             {}});
  };
  DumpRequest out;
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0) complain();
  out.place = parsePlace(text.substr(0, colon), "--dump");
  const std::size_t equals = text.find('=', colon);
  const std::string count = text.substr(colon + 1, equals - colon - 1);
  if (equals != std::string::npos) out.file = text.substr(equals + 1);
  std::size_t used = 0;
  unsigned long long value = 0;
  try {
    value = std::stoull(count, &used, 0);
  } catch (const std::exception&) {
    complain();
  }
  if (used != count.size() || value == 0 || value > dpu::kMramBytes) complain();
  out.bytes = static_cast<std::uint32_t>(value);
  return out;
}

struct DpuOptions {
  std::string input, output, registerFile, mode = "decoupled", start = "automatic";
  std::string arbiter, clock, isa, timing, dmaAlign = "automatic";
  std::vector<std::string> defines, mram, writes, dumps;
  unsigned tasklets = 0;
  /// An endless loop must end: about two minutes of simulated time.
  std::uint64_t maxCycles = 50000000000;
  bool race = false, trace = false, json = false, list = false, bankDetail = false;

  dpu::AssembleOptions assembly(const std::shared_ptr<const dpu::IsaExtension>& extra) const {
    dpu::AssembleOptions options;
    if (extra) options.set = &extra->set();
    for (const std::string& define : defines) dpu::addDefine(define, options.defines);
    options.tasklets = static_cast<int>(tasklets);
    return options;
  }

  /// Added instructions of `--isa`, or null.
  std::shared_ptr<const dpu::IsaExtension> extension() const {
    return isa.empty() ? nullptr : dpu::IsaExtension::read(parseYaml(readTextFile(isa), isa));
  }

  static const dpu::InstructionSet& setOf(const std::shared_ptr<const dpu::IsaExtension>& extra) {
    return extra ? extra->set() : dpu::InstructionSet::builtin();
  }

  void disassemble() const {
    const auto extra = extension();
    dpu::objdump(dpu::loadProgram(input, assembly(extra)), std::cout, setOf(extra));
  }

  void assemble() const {
    const auto extra = extension();
    const dpu::Program program = dpu::assembleFile(input, assembly(extra));
    if (list) dpu::listing(program, std::cout, setOf(extra));
    dpu::writeElf(program, output);
  }

  dpu::DpuRunOptions runOptions() const {
    dpu::DpuRunOptions options;
    options.tasklets = tasklets == 0 ? 1 : tasklets;
    options.mode = mode == "lockstep" ? dpu::EngineMode::lockstep : dpu::EngineMode::decoupled;
    options.start = start == "first" ? dpu::StartPolicy::first
                    : start == "all" ? dpu::StartPolicy::all
                                     : dpu::StartPolicy::automatic;
    options.maxCycles = maxCycles;
    options.raceCheck = race;
    if (!timing.empty()) options.timing = dpu::readTiming(parseYaml(readTextFile(timing), timing));
    if (!registerFile.empty()) options.timing.registerFile = dpu::registerFileRule(registerFile);
    if (!arbiter.empty()) options.timing.arbiter = dpu::arbiterByName(arbiter);
    if (!clock.empty()) options.timing.clockHz = parseQuantity(clock, Dimension::frequency);
    if (bankDetail) options.timing.bank.detail = true;
    options.dmaAlignment = dmaAlign == "check"      ? dpu::DmaAlignment::check
                           : dmaAlign == "hardware" ? dpu::DmaAlignment::hardware
                                                    : dpu::DmaAlignment::automatic;
    if (trace)
      options.trace = [](const dpu::TraceEvent& e) {
        fmt::print(stderr, "{:>10} t{:<2} {:>4}  {}\n", e.cycle, e.tasklet, e.pc,
                   e.instruction ? dpu::disassemble(*e.instruction) : "?");
      };
    return options;
  }

  void feed(dpu::DpuMachine& machine) const {
    for (const std::string& text : mram) {
      const std::size_t at = text.rfind('@');
      if (at == std::string::npos)
        throw InputError(Problem{{"--mram", 0},
                                 {},
                                 "'" + text.substr(0, 80) + "' has no address",
                                 "FILE@ADDRESS, the address counted from the start of MRAM",
                                 {}});
      std::uint64_t address = 0;
      try {
        address = std::stoull(text.substr(at + 1), nullptr, 0);
      } catch (const std::exception&) {
        throw InputError(Problem{{"--mram", 0},
                                 {},
                                 "'" + text.substr(at + 1, 40) + "' is not an address",
                                 "a number such as 0x1000",
                                 {}});
      }
      if (address >= 0x08000000 && address < 0x0c000000) address -= 0x08000000;
      if (address >= dpu::kMramBytes)
        throw InputError(
            Problem{{"--mram", 0}, {}, "the address lies outside MRAM", "0 to 0x3ffffff", {}});
      machine.writeMram(static_cast<std::uint32_t>(address),
                        readBytes(text.substr(0, at), dpu::kMramBytes));
    }
    for (const std::string& text : writes) {
      const std::size_t equals = text.find('=');
      if (equals == std::string::npos)
        throw InputError(Problem{
            {"--write", 0}, {}, "'" + text.substr(0, 80) + "' has no file", "SYMBOL=FILE", {}});
      const Place place = parsePlace(text.substr(0, equals), "--write");
      machine.writeSymbol(place.symbol, readBytes(text.substr(equals + 1), dpu::kMramBytes),
                          place.offset);
    }
  }

  void dump(const dpu::DpuMachine& machine) const {
    for (const std::string& text : dumps) {
      const DumpRequest request = parseDump(text);
      const auto content =
          machine.readSymbol(request.place.symbol, request.bytes, request.place.offset);
      if (!request.file.empty()) {
        writeFileAtomically(request.file,
                            {reinterpret_cast<const char*>(content.data()), content.size()});
        continue;
      }
      std::FILE* out = json ? stderr : stdout;
      for (std::size_t i = 0; i < content.size(); i += 16) {
        fmt::print(out, "{}+{:06x} ", request.place.symbol, request.place.offset + i);
        for (std::size_t j = i; j < std::min(i + 16, content.size()); ++j)
          fmt::print(out, " {:02x}", content[j]);
        fmt::print(out, "\n");
      }
    }
  }

  void print(const dpu::DpuRunResult& r) const {
    fmt::print("{} cycles, {} instructions, IPC {:.4f}, {}\n", r.cycles, r.instructions, r.ipc,
               format(Seconds(r.timeS)));
    fmt::print("energy {} ({} to {}), average power {}\n", format(Joules(r.energyJ.value)),
               format(Joules(r.energyJ.low)), format(Joules(r.energyJ.high)),
               r.timeS > 0 ? format(Watts(r.energyJ.value / r.timeS)) : "-");
    fmt::print("DMA: {} reads, {} writes, {} bytes, engine busy {:.0f} cycles, waited {}\n",
               r.dma.reads, r.dma.writes, r.dma.bytes(), r.dma.busyCycles, r.dma.waitCycles);
    fmt::print("cycles without an issue: revolver {}, DMA {}, register file {}, drain {}\n",
               r.stalls.revolver, r.stalls.dma, r.stalls.registerFile, r.stalls.drain);
    fmt::print("\n{:<8} {:>14} {:>10} {:>14} {:>12}\n", "tasklet", "instructions", "transfers",
               "DMA wait", "sync retries");
    for (const dpu::TaskletStats& t : r.tasklets)
      fmt::print("{:<8} {:>14} {:>10} {:>14} {:>12}\n", t.id, t.instructions, t.dmaTransfers,
                 t.dmaWaitCycles, t.syncRetries);
    std::vector<std::pair<std::uint64_t, std::string>> mix;
    for (const auto& [name, count] : r.instructionMix) mix.emplace_back(count, name);
    std::sort(mix.rbegin(), mix.rend());
    fmt::print("\nmost issued:");
    for (std::size_t i = 0; i < std::min<std::size_t>(8, mix.size()); ++i)
      fmt::print(" {} {}", mix[i].second, mix[i].first);
    fmt::print("\n{:.1f} million instructions per second of host time ({})\n", r.mips, r.mode);
    for (const dpu::Race& found : r.races)
      fmt::print(
          "race: WRAM byte {:#x}, tasklet {} at {} ({}) and tasklet {} at {} ({}), {} times\n",
          found.address, found.firstTasklet, found.firstPc, found.firstSymbol, found.secondTasklet,
          found.secondPc, found.secondSymbol, found.count);
    if (race && r.races.empty()) fmt::print("no races found\n");
  }

  void run(Context& context) const {
    const auto extra = extension();
    const dpu::Program program = dpu::loadProgram(input, assembly(extra));
    dpu::DpuMachine machine(program, extra);
    feed(machine);
    dpu::DpuRunOptions options = runOptions();
    // Without a number, a program that boots its tasklets has as many as it boots: no note.
    if (tasklets == 0 && start == "automatic" && program.boots())
      options.start = dpu::StartPolicy::first;
    const dpu::DpuRunResult result = machine.run(options);
    for (const std::string& note : result.notes) spdlog::info("{}", note);
    dump(machine);
    if (json)
      fmt::print("{}\n", dpu::toJson(result));
    else if (!result.error)
      print(result);
    if (result.error) {
      fmt::print(stderr, "error: {}: {}\n", input, result.error->text());
      context.exitCode = exitBadInput;
    }
  }
};

}  // namespace

void addDpu(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("dpu", "Assemble and run programs of one UPMEM DPU");
  sub->require_subcommand(1);
  sub->footer("Example:\n  wattlas dpu run program.s --tasklets 16 --json");
  auto o = std::make_shared<DpuOptions>();
  const auto common = [&](CLI::App* s, bool source) {
    s->add_option("input", o->input, source ? "Assembly source" : "ELF file or assembly source")
        ->required();
    s->add_option("-D", o->defines, "Define a symbol: NAME=VALUE")
        ->take_all()
        ->allow_extra_args(false);
    s->add_option("--tasklets", o->tasklets, "Number of tasklets, 1 to 24 (NTASKLETS)")
        ->check(CLI::Range(1, 24));
    s->add_option("--isa", o->isa, "Instruction file with additions");
  };

  CLI::App* as = sub->add_subcommand("asm", "Assemble to an ELF file");
  common(as, true);
  as->add_option("-o,--output", o->output, "ELF file to write")->required();
  as->add_flag("--list", o->list, "Print a listing");
  as->footer("Example:\n  wattlas dpu asm program.s -o program.elf --list");
  as->callback([o] { o->assemble(); });

  CLI::App* dumpCommand = sub->add_subcommand("objdump", "Disassemble");
  common(dumpCommand, false);
  dumpCommand->footer("Example:\n  wattlas dpu objdump program.elf");
  dumpCommand->callback([o] { o->disassemble(); });

  CLI::App* run = sub->add_subcommand("run", "Run to completion");
  common(run, false);
  run->footer(
      "Example:\n  wattlas dpu run gemv.s --tasklets 16 --mram a.bin@0x100000 "
      "--dump result:64");
  run->add_option("--register-file", o->registerFile, "none, same_bank or compat");
  run->add_option("--mode", o->mode, "decoupled (fast) or lockstep (cycle by cycle)")
      ->check(CLI::IsMember({"decoupled", "lockstep"}));
  run->add_option("--arbiter", o->arbiter, "oldest_ready or round_robin");
  run->add_option("--start", o->start, "first, all, or automatic: first when the program boots")
      ->check(CLI::IsMember({"automatic", "first", "all"}));
  run->add_option("--clock", o->clock, "Clock such as 350MHz");
  run->add_flag("--bank-detail", o->bankDetail,
                "Time MRAM rows and refresh one by one instead of by the measured average");
  run->add_option("--dma-align", o->dmaAlign,
                  "DMA addresses that are no multiple of 8: check (an error), hardware (low bits "
                  "ignored), or automatic: hardware for executables of the vendor's SDK")
      ->check(CLI::IsMember({"automatic", "check", "hardware"}));
  run->add_option("--timing", o->timing,
                  "Timing file (configs/dpu/timing.yaml); the flags above override it");
  run->add_option("--mram", o->mram, "Load a file into MRAM: FILE@ADDRESS")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--write", o->writes, "Write a file to a symbol: SYMBOL[+OFFSET]=FILE")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--dump", o->dumps, "Read memory after the run: SYMBOL[+OFFSET]:BYTES[=FILE]")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--max-cycles", o->maxCycles,
                  "Give up after this many cycles (default 5e10; 0 = never)");
  run->add_flag("--race-check", o->race, "Report unsynchronised sharing of WRAM");
  run->add_flag("--trace", o->trace, "Print every issued instruction to stderr");
  run->add_flag("--json", o->json, "Print one JSON object");
  run->callback([o, &context] { o->run(context); });

  CLI::App* report =
      sub->add_subcommand("isa-report", "Count instruction forms and free encodings");
  report->add_option("--isa", o->isa, "Instruction file with additions");
  report->callback([o] {
    const auto extra = o->extension();
    dpu::isaReport(DpuOptions::setOf(extra), std::cout);
  });
  CLI::App* exported = sub->add_subcommand("isa-export", "Print the instruction table as YAML");
  exported->add_option("--isa", o->isa, "Instruction file with additions");
  exported->callback([o] {
    const auto extra = o->extension();
    dpu::isaExport(DpuOptions::setOf(extra), std::cout);
  });
}

}  // namespace wattlas
