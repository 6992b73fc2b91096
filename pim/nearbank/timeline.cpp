#include "pim/nearbank/timeline.h"

namespace wattlas::pim::nearbank {

namespace {

class Record {
 public:
  explicit Record(const NearBankParams& p) : p_(p), t_(clockOf(p)) {}

  dram::CommandRecord of(const IssuedCommand& c, Ticks start) const {
    dram::CommandRecord r;
    r.time = start + Ticks(c.at);
    r.row = c.row;
    const bool single = p_.registerFile() || p_.banks > p_.units;
    if (single && c.row >= 0) r.bank = c.bank;
    const auto is = [&](dram::CommandKind kind, std::int64_t busy) {
      r.kind = kind;
      r.busy = Ticks(busy);
    };
    switch (c.kind) {
      case CommandKind::activate:
        is(dram::CommandKind::ACT, t_.rcd);
        break;
      case CommandKind::precharge:
        is(dram::CommandKind::PRE, t_.rp);
        break;
      case CommandKind::mode:
        is(dram::CommandKind::MODE, t_.mod);
        break;
      case CommandKind::refresh:
        is(dram::CommandKind::REF, t_.rfc);
        break;
      case CommandKind::row:
        is(dram::CommandKind::AAP, t_.mac);
        break;
      case CommandKind::buffer:
        is(c.verb == Verb::bufferWrite ? dram::CommandKind::WR : dram::CommandKind::RD,
           c.verb == Verb::bufferWrite ? t_.buffer : t_.ccdl);
        break;
      case CommandKind::column:
        column(c, is);
        break;
    }
    return r;
  }

 private:
  template <class Is>
  void column(const IssuedCommand& c, const Is& is) const {
    switch (c.verb) {
      case Verb::mac:
        return is(dram::CommandKind::MAC, t_.mac);
      case Verb::lookup:
        return is(dram::CommandKind::AF, t_.ccdl);
      case Verb::write:
        return is(dram::CommandKind::WR, t_.ccdl);
      case Verb::stream:
        return is(c.toBank ? dram::CommandKind::WR : dram::CommandKind::RD, t_.ccds);
      default:
        return is(dram::CommandKind::RD, t_.ccds);
    }
  }

  const NearBankParams& p_;
  ChannelClock t_;
};

}  // namespace

Channel::Listener recordInto(dram::CommandLog& log, const NearBankParams& params, Ticks start) {
  return [&log, record = Record(params), start](const IssuedCommand& c) {
    log.command(record.of(c, start));
    return log.dropped() == 0;
  };
}

}  // namespace wattlas::pim::nearbank
