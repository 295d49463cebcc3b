// What the agent's main does first, alone.
#include "node/container_runtime/on_host.h"

int main(int argc, char** argv) {
  migrate::node::become_host_program_if_asked(argc, argv);
  return 3;
}
