// wattlas dpu asm | objdump | run | isa-report | isa-export
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/dpu_memory.h"
#include "cli/dpu_trace.h"
#include "pim/dpu/exec/extension.h"
#include "pim/dpu/exec/machine.h"
#include "pim/dpu/program/program_files.h"
#include "pim/upmem/parameters.h"

namespace wattlas {
namespace {

struct DpuOptions {
  std::string input, output, registerFile, mode = "decoupled", start = "automatic";
  std::string arbiter, clock, timing, dmaAlign = "automatic", device = "upmem-dpu";
  std::string trace, traceTasklets, traceRange;
  std::int64_t launches = 1;
  bool copies = false;
  std::vector<std::string> isa, defines, mram, writes, dumps;
  unsigned tasklets = 0;
  /// An endless loop must end: about two minutes of simulated time.
  std::uint64_t maxCycles = 50000000000;
  bool race = false, json = false, list = false, bankDetail = false;

  dpu::AssembleOptions assembly(const std::shared_ptr<const dpu::IsaExtension>& extra) const {
    dpu::AssembleOptions options;
    if (extra) options.set = &extra->set();
    for (const std::string& define : defines) dpu::addDefine(define, options.defines);
    options.tasklets = static_cast<int>(tasklets);
    return options;
  }

  /// Added instructions of `--isa`, or null.
  std::shared_ptr<const dpu::IsaExtension> extension() const { return dpu::loadIsa(isa); }

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

  dpu::DpuRunOptions runOptions(const pim::UpmemParams& params) const {
    dpu::DpuRunOptions options;
    options.timing = pim::timingOf(params);
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
    if (bankDetail) options.timing.bankDetail = true;
    options.dmaAlignment = dmaAlign == "check"      ? dpu::DmaAlignment::check
                           : dmaAlign == "hardware" ? dpu::DmaAlignment::hardware
                                                    : dpu::DmaAlignment::automatic;
    return options;
  }

  void print(const dpu::DpuRunResult& r) const {
    fmt::print("{} cycles, {} instructions, IPC {:.4f}, {}\n", r.cycles, r.instructions, r.ipc,
               format(Seconds(r.timeS)));
    fmt::print("{} launch{} of the host: {}\n", launches, launches == 1 ? "" : "es",
               format(Seconds(r.kernelTimeS)));
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
    for (const std::string& text : mram) loadMram(machine, text);
    for (const std::string& text : writes) writeSymbolFile(machine, text);
    const pim::UpmemParams params = pim::loadUpmem(context.path, device);
    dpu::DpuRunOptions options = runOptions(params);
    std::optional<DpuTrace> tracer;
    if (!trace.empty()) {
      tracer.emplace(trace, machine.program(), traceTasklets, traceRange);
      options.trace = [&](const dpu::TraceEvent& e) { tracer->write(e); };
    }
    // Without a number, a program that boots its tasklets has as many as it boots: no note.
    if (tasklets == 0 && start == "automatic" && program.boots())
      options.start = dpu::StartPolicy::first;
    dpu::DpuRunResult result = machine.run(options);
    if (tracer) tracer->finish();
    result.kernelTimeS = pim::launchModelOf(params).time(result.timeS, launches, copies);
    for (const std::string& note : result.notes) spdlog::info("{}", note);
    for (const std::string& text : dumps) dumpSymbol(machine, text, json ? stderr : stdout);
    if (json)
      fmt::print("{}\n", dpu::toJson(result));
    else if (!result.error)
      print(result);
    if (!json) fmt::print("{}", result.printed);
    if (!result.races.empty()) context.exitCode = 1;
    if (result.exitValue != 0) context.exitCode = result.exitValue & 255;
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
    repeated(s->add_option("-D", o->defines, "Define a symbol: NAME=VALUE"));
    s->add_option("--tasklets", o->tasklets, "Number of tasklets, 1 to 24 (NTASKLETS)")
        ->check(CLI::Range(1, 24));
    repeated(s->add_option("--isa", o->isa,
                           "Instructions to add or change: an id of configs/isa or a YAML file "
                           "(docs/new-instruction.md); may be given several times"));
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
  run->add_option("--mode", o->mode,
                  "decoupled (fast) or lockstep (each instruction executed when it issues)")
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
  repeated(run->add_option("--mram", o->mram, "Load a file into MRAM: FILE@ADDRESS"));
  repeated(run->add_option("--write", o->writes, "Write a file to a symbol: SYMBOL[+OFFSET]=FILE"));
  repeated(run->add_option("--dump", o->dumps,
                           "Read memory after the run: SYMBOL[+OFFSET]:BYTES[=FILE]"));
  run->add_option("--max-cycles", o->maxCycles,
                  "Give up after this many cycles (default 5e10; 0 = never)");
  run->add_flag("--race-check", o->race, "Report unsynchronised sharing of WRAM");
  run->add_flag("--trace{-}", o->trace,
                "Print every issued instruction with symbol and registers to stderr; "
                "--trace=FILE: to a file");
  run->add_option("--trace-tasklets", o->traceTasklets, "Only these: 0,3,8-11");
  run->add_option("--trace-range", o->traceRange,
                  "Only these instructions: FROM-TO, numbers or symbols; or one symbol: its body");
  run->add_option("--device", o->device, "Device file with timing and launch constants");
  run->add_option("--launches", o->launches,
                  "Launches in a row in kernel_time_s (only the program's first one is run)")
      ->check(CLI::Range(1, 1000000000));
  run->add_flag("--copies-between", o->copies,
                "The host copies to or from MRAM between launches: each pays in full");
  run->add_flag("--json", o->json, "Print one JSON object");
  run->callback([o, &context] { o->run(context); });

  addDpuLaunch(*sub, context);
  addDpuIsa(*sub, context);
  addDpuKernels(*sub, context);
  addDpuLayers(*sub, context);
}

}  // namespace wattlas
