#include "pim/nearbank/timeline.h"

#include "pim/nearbank/channel.h"

namespace wattlas::pim::nearbank {

dram::CommandLog channelTimeline(const Device& device, const Program& program, std::size_t most) {
  dram::CommandLog log(most);
  const auto* mine = dynamic_cast<const NearBankDevice*>(&device);
  const auto* ops = dynamic_cast<const NearBankProgram*>(&program);
  if (mine == nullptr || ops == nullptr) return log;
  Ticks start;
  for (const NearBankOp& op : ops->operators()) {
    if (log.room() == 0) break;
    dram::CommandLog commands(log.room());
    Channel channel(mine->params(), Channel::Level::commands, false, op.alone);
    const Ticks time = channel.run(op.sequence, &commands).time;
    log.append(commands, start);
    start += mine->duration(op, time);
  }
  return log;
}

}  // namespace wattlas::pim::nearbank
