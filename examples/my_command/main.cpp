// The whole nelbo program with one more command: `kl`, the divergence of two normal distributions.
//
//   ./my_command kl 0.5 --sd 2
//   ./my_command kl --help
#include <cmath>
#include <iostream>
#include <memory>

#include "apps/program.hpp"

int main(int argc, char** argv) {
  using namespace nelbo;
  commands().add({"kl", "KL(N(M, SD^2) || N(0, 1)) in nats", [](CommandLine& line) -> Action {
                    struct Flags {
                      double mean = 0, sd = 1;
                    };
                    const auto flags = std::make_shared<Flags>();
                    line.real("M", flags->mean, -1e6, 1e6, "the mean");
                    line.real("--sd", flags->sd, 0, 1e6, "the standard deviation");
                    line.footer("Examples:\n  my_command kl 0.5 --sd 2");
                    return [flags] {
                      const auto [mean, sd] = *flags;
                      std::cout << 0.5 * (mean * mean + sd * sd - 1) - std::log(sd) << "\n";
                      return exit_done;
                    };
                  }});
  return run_program(argc, argv);
}
