#include "pim/dpu/exec/isa_export.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "models/base/config.h"
#include "models/base/data_path.h"
#include "models/base/random.h"
#include "pim/dpu/exec/machine.h"
#include "pim/dpu/isa/isa_report.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu {

namespace {

constexpr unsigned kRc = 4, kRa = 8, kRb = 10;
constexpr std::uint32_t kAddress = 1024, kWindow = 256;

/// The form of a mnemonic that is tried: of an added instruction its only one.
const Form& formOf(const IsaExtension& isa, const std::string& mnemonic) {
  for (const Form* form : isa.set().formsOf(mnemonic))
    if (!form->alias && !form->branches && form->conditionClass == ConditionClass::none)
      return *form;
  throw InputError("instruction '" + mnemonic + "' has no plain form", "an added instruction");
}

const Operand* find(const Form& form, std::initializer_list<OperandKind> kinds) {
  for (const Operand& operand : form.operands)
    for (const OperandKind kind : kinds)
      if (operand.kind == kind) return &operand;
  return nullptr;
}
bool has(const Form& form, OperandKind kind) {
  return find(form, {kind}) != nullptr;
}

const Semantics* semanticsOf(const IsaExtension& isa, const std::string& mnemonic) {
  const auto found = isa.models().find(mnemonic);
  return found != isa.models().end() && found->second.semantics ? &*found->second.semantics
                                                                : nullptr;
}

/// Whether a register is used as an address: it must point into WRAM then.
bool addresses(const Semantics* s) {
  return s != nullptr && (s->loads() || s->stores());
}

std::uint32_t operandValue(Random& random, int i) {
  static constexpr std::array<std::uint32_t, 8> corners = {
      0, 1, 0xffffffffU, 0x7fffffffU, 0x80000000U, 0x80808080U, 0x7f7f7f7fU, 0x55aa55aaU};
  return i < 64 ? corners[static_cast<std::size_t>(random.below(corners.size()))]
                : static_cast<std::uint32_t>(random.next());
}

Program programOf(const IsaExtension& isa, const Form& form, std::uint32_t imm) {
  Instruction in;
  in.form = &form;
  in.rc = kRc;
  in.ra = kRa;
  in.rb = kRb;
  in.imm = static_cast<std::int32_t>(imm);
  const auto word = encode(in);
  if (!word) throw InputError("'" + form.mnemonicText + "': " + word.error().reason);
  AssembleOptions options;
  options.set = &isa.set();
  Program program = assemble("        nop\nend:    stop true, end\n", form.mnemonicText, options);
  program.text.front() = *word;
  return program;
}

std::uint8_t patternAt(std::uint32_t address) {
  return static_cast<std::uint8_t>(37 * address + 11);
}

}  // namespace

std::vector<InstructionVector> vectorsOf(std::shared_ptr<const IsaExtension> isa,
                                         const std::string& mnemonic, int count) {
  const Form& form = formOf(*isa, mnemonic);
  const Semantics* semantics = semanticsOf(*isa, mnemonic);
  if (semantics != nullptr && semantics->loops())
    throw InputError("'" + mnemonic + "' is a loop: it has no operands to try");
  const bool pairs = has(form, OperandKind::db), memory = addresses(semantics);
  const Operand* imm = find(form, {OperandKind::imm, OperandKind::shift});
  Random random(20);
  std::vector<InstructionVector> all;
  std::vector<std::uint8_t> wram(kAddress + 2 * kWindow);
  for (std::uint32_t a = 0; a < wram.size(); ++a) wram[a] = patternAt(a);
  for (int i = 0; i < count; ++i) {
    InstructionVector v;
    if (imm != nullptr)
      v.imm = static_cast<std::uint32_t>(
          random.below(imm->kind == OperandKind::shift ? 32 : std::min(1U << imm->bits, 32U)));
    v.ra = operandValue(random, i);
    v.rb = operandValue(random, i);
    if (pairs) v.rbLow = operandValue(random, i);
    v.rc = operandValue(random, i);
    v.rcLow = operandValue(random, i);
    if (memory) v.ra = kAddress + 8 * (v.ra % (kWindow / 8));
    DpuMachine machine(programOf(*isa, form, v.imm), isa);
    machine.writeWram(0, wram);
    machine.setRegister(0, kRc, v.rc);
    machine.setRegister(0, kRc + 1, v.rcLow);
    machine.setRegister(0, kRa, v.ra);
    machine.setRegister(0, kRb, v.rb);
    machine.setRegister(0, kRb + 1, v.rbLow);
    DpuRunOptions options;
    options.tasklets = 1;
    const auto ran = machine.run(options);
    if (ran.error) throw InputError("'" + mnemonic + "': " + ran.error->text());
    v.result = machine.registerValue(0, kRc);
    v.resultLow = machine.registerValue(0, kRc + 1);
    v.raAfter = machine.registerValue(0, kRa);
    std::vector<std::uint8_t> after(wram.size());
    machine.readWram(0, after);
    for (std::uint32_t a = kAddress; a < after.size() && semantics != nullptr; ++a) {
      if (after[a] == wram[a]) continue;
      if (v.storedBytes == 0) v.storedAt = a;
      v.storedBytes = std::min(8U, a - v.storedAt + 1);
    }
    for (std::uint32_t b = 0; b < v.storedBytes; ++b)
      v.stored |= std::uint64_t{after[v.storedAt + b]} << 8 * b;
    all.push_back(v);
  }
  return all;
}

namespace {

/// Numbers 0 to 9, letters and underscores, as C and Verilog want them.
std::string identifier(const std::string& mnemonic) {
  std::string name = mnemonic;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

std::string decodeLine(const Form& form) {
  std::string line = form.mnemonicText + ',' + form.key + ",0x" + hexText(form.base, 12) + ",0x" +
                     hexText(form.mask, 12) + ',';
  static constexpr std::array<const char*, 13> kinds = {
      "rc", "dc", "zero", "ra", "rb", "db", "imm", "shift", "dma", "off", "pc", "cc", "endian"};
  const char* separator = "";
  for (const Operand& operand : form.operands)
    for (const BitField& f : operand.fields) {
      line += separator + std::string(kinds.at(static_cast<std::size_t>(operand.kind))) + '[' +
              std::to_string(f.hi) + ':' + std::to_string(f.lo) + "]@" + std::to_string(f.at);
      separator = " ";
    }
  return line;
}

/// A C function that issues the instruction, and a macro for its word where the tool chain does not
/// know the mnemonic.
std::string intrinsic(const Form& form, const Semantics* semantics) {
  const std::string name = identifier(form.mnemonicText);
  const bool pair = has(form, OperandKind::dc), wide = has(form, OperandKind::db);
  const bool reads = has(form, OperandKind::rb) || wide;
  const Operand* imm = find(form, {OperandKind::imm, OperandKind::shift});
  const std::string type = pair ? "uint64_t" : "uint32_t";
  const bool advances =
      semantics != nullptr && semantics->text().find("ra = ra") != std::string::npos;
  std::ostringstream out;
  out << "/* " << form.mnemonicText << ": " << (semantics != nullptr ? semantics->text() : "")
      << " */\n";
  std::string parameters = type + " c, uint32_t" + (advances ? " *" : " ") + "a";
  std::string text = form.mnemonicText + " %0, %1", inputs;
  int next = 2;
  if (reads) {
    parameters += wide ? ", uint64_t b" : ", uint32_t b";
    text += ", %" + std::to_string(next++);
    inputs += "\"r\"(b)";
  }
  if (imm != nullptr) {
    // An immediate is part of the instruction word, so it must be a constant: a macro.
    out << "#define dpu_" << name << "(c, a" << (reads ? ", b" : "") << ", imm) \\\n"
        << "  __asm__ volatile(\"" << text << ", %" << next
        << "\" : \"+r\"(c), \"+r\"(a) : " << (reads ? "\"r\"(b), " : "") << "\"i\"(imm))\n";
  } else {
    out << "static inline " << type << " dpu_" << name << '(' << parameters << ") {\n"
        << "  __asm__ volatile(\"" << text << "\" : \"+r\"(c), \"+r\"(" << (advances ? "*a" : "a")
        << ") : " << inputs << " : \"memory\");\n  return c;\n}\n";
  }
  out << "#define DPU_" << name << "_WORD(c, a, b, imm) (UINT64_C(0x" << hexText(form.base, 12)
      << ")";
  for (const Operand& operand : form.operands) {
    const char* value = operand.kind == OperandKind::ra                                      ? "a"
                        : operand.kind == OperandKind::rb || operand.kind == OperandKind::db ? "b"
                        : operand.kind == OperandKind::rc || operand.kind == OperandKind::dc
                            ? "c"
                            : "imm";
    for (const BitField& f : operand.fields)
      out << " | ((((uint64_t)(" << value << ") >> " << unsigned{f.lo} << ") & 0x"
          << hexText((std::uint64_t{1} << (f.hi - f.lo + 1)) - 1, 1) << ") << " << unsigned{f.at}
          << ')';
  }
  out << ")\n\n";
  return out.str();
}

void writeVectors(const std::vector<InstructionVector>& vectors, std::ostream& csv,
                  std::ostream& words) {
  csv << "ra,rb,rb_low,imm,rc_before,rc_low_before,rc_after,rc_low_after,ra_after,stored_at,"
         "stored_bytes,stored\n";
  for (const InstructionVector& v : vectors) {
    const char* separator = "";
    for (const std::uint32_t x : {v.ra, v.rb, v.rbLow, v.imm, v.rc, v.rcLow, v.result, v.resultLow,
                                  v.raAfter, v.storedAt, v.storedBytes}) {
      csv << separator << "0x" << hexText(x, 8);
      separator = ",";
      words << hexText(x, 8);
    }
    csv << ",0x" << hexText(v.stored, 16) << '\n';
    words << hexText(v.stored, 16) << '\n';
  }
}

/// configs/isa/testbench.v with the words in braces filled in.
std::string testbench(const std::string& mnemonic, std::size_t vectors, const Semantics* s) {
  const auto file = dataPath().findPart("isa/testbench.v");
  if (!file) throw InputError("template isa/testbench.v not found", "a file of configs");
  std::string text = readTextFile(*file);
  for (const auto& [word, value] :
       {std::pair<std::string, std::string>{"{mnemonic}", mnemonic},
        {"{semantics}", s != nullptr ? ": " + s->text() : std::string()},
        {"{name}", identifier(mnemonic)},
        {"{vectors}", std::to_string(vectors)}})
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at))
      text.replace(at, word.size(), value);
  return text;
}

}  // namespace

std::vector<std::string> exportIsa(std::shared_ptr<const IsaExtension> isa,
                                   const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  std::vector<std::string> files;
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream out(folder / name);
    out << text;
    if (!out.flush()) throw InputError("cannot write '" + (folder / name).string() + "'");
    files.push_back((folder / name).string());
  };
  std::ostringstream table;
  isaExport(isa->set(), table);
  write("table.yaml", table.str());
  std::string decode = "mnemonic,key,base,mask,fields (operand[high:low]@bit)\n",
              header =
                  "/* Instructions of configuration files as C functions. */\n#pragma once\n"
                  "#include <stdint.h>\n\n";
  for (const auto& [mnemonic, model] : isa->models()) {
    for (const Form* form : isa->set().formsOf(mnemonic))
      if (!form->alias) decode += decodeLine(*form) + '\n';
    const Semantics* s = model.semantics ? &*model.semantics : nullptr;
    if (s != nullptr && s->loops()) continue;
    const Form& form = formOf(*isa, mnemonic);
    header += intrinsic(form, s);
    const auto vectors = vectorsOf(isa, mnemonic);
    std::ostringstream csv, words;
    writeVectors(vectors, csv, words);
    const std::string name = identifier(mnemonic);
    write(name + "_vectors.csv", csv.str());
    write(name + "_vectors.hex", words.str());
    write(name + "_tb.v", testbench(mnemonic, vectors.size(), s));
  }
  write("decode.csv", decode);
  write("intrinsics.h", header);
  return files;
}

}  // namespace wattlas::dpu
