// `wattlas worker`: the process that the explorer starts; not a command for people.
#pragma once

namespace wattlas {

bool isWorker(int argc, char** argv);
int runWorker();

}  // namespace wattlas
