#include <sodium.h>

#include "cli/commands.h"

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;
  return sluice::cli::run(argc, argv);
}
