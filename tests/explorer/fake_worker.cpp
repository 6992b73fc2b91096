#include "explorer/worker_protocol.h"
#include "tests/explorer/fake_model.h"
#include "tests/explorer/in_process_evaluator.h"

int main(int argc, char** argv) {
  using namespace wattlas;  // a program of one function
  if (argc > 1 && std::string(argv[1]) == "broken") return 3;
  return workerMain(workerInput, workerOutput, [](const Study& study) {
    return std::make_unique<SimpleEvaluator>(study, test::fakeRun);
  });
}
