#include "test/e2e/damaged_archive.h"

#include <fmt/format.h>

#include "test/e2e/phase_gate.h"

namespace harness {

migrate::Completed move_damaged(const Stage& stage, const std::string& pod, const std::string& script) {
  const migrate::test::TemporaryFolder folder;
  PhaseGate gate{stage.cluster(), stage.ns().name(), "Transferring"};
  Background plugin{stage.plugin_words({pod, "--to", "node-b", "--name", pod}), folder / "out"};
  stage.await("the archive", pod, [&] { return gate.is_reached() || !plugin.is_running(); });
  const auto uid = stage.migration(pod).at("metadata").at("uid").get<std::string>();
  const std::string files = R"(find /var/lib/kubectl-migrate/sources/"$0" \( -name pages-1.img -o -name '*.tar' \))";
  const std::string damaged = stage.cluster().on(
      "node-a", {"sh", "-c", fmt::format("for f in $({}); do {}; echo $f; done", files, script), uid});
  stage.require(!damaged.empty(), "there is no archive to be damaged", pod);
  gate.open();
  const int code = plugin.wait();
  return {migrate::Exited{code}, plugin.output(), plugin.errors()};
}

}  // namespace harness
