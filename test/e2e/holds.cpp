#include "test/e2e/holds.h"

#include <fmt/format.h>

#include <functional>
#include <stdexcept>
#include <utility>

#include "test/e2e/broker_side.h"

namespace harness {
namespace {

void mended(const std::function<void()>& mend) {
  try {
    mend();
  } catch (const std::exception& error) {
    fmt::print(stderr, "mending after a test: {}\n", error.what());
  }
}

class StoppedProcess final : public Hold {
 public:
  StoppedProcess(const Cluster& cluster, ProductProcess process) : cluster_(cluster), process_(std::move(process)) {
    if (!send_signal(cluster_, process_, "STOP"))
      throw std::runtime_error(
          fmt::format("no process {} of Pod {} on {} to be stopped", process_.program, process_.pod, process_.node));
  }
  ~StoppedProcess() override {
    mended([&] { send_signal(cluster_, process_, "CONT"); });
  }
  void await() override {}  // it has slept from the beginning

 private:
  const Cluster& cluster_;
  ProductProcess process_;
};

// Packets to a port of a node, or of a Pod on it, are dropped.
class DroppedPackets final : public Hold {
 public:
  DroppedPackets(const Cluster& cluster, std::string node, const Words& which)
      : cluster_(cluster), node_(std::move(node)), rule_{"PREROUTING"} {
    rule_.insert(rule_.end(), which.begin(), which.end());
    rule_.insert(rule_.end(), {"-j", "DROP"});
    table("-I");
  }
  ~DroppedPackets() override {
    mended([&] { table("-D"); });
  }
  void await() override {
    eventually("a packet to be dropped on " + node_ + ": " + fmt::format("{}", fmt::join(rule_, " ")), [&] {
      const std::string seen = cluster_.on(
          node_, {"sh", "-c", "iptables -t mangle -nvxL PREROUTING | awk '/DROP/ {sum += $1} END {print sum + 0}'"});
      return seen != "0\n";
    });
  }

 private:
  void table(const char* action) const {
    Words words{"iptables", "-w", "-t", "mangle", action};
    words.insert(words.end(), rule_.begin(), rule_.end());
    cluster_.on(node_, words);
  }
  const Cluster& cluster_;
  std::string node_;
  Words rule_;
};

// A script in CRIU's place waits while a file is there. Only `swrk`, the way in which runc uses it: what asks for the
// version is answered.
constexpr const char* kInstall = R"(
set -e
criu=$(command -v criu)
[ -e "$criu.real" ] || ln "$criu" "$criu.real"
cat >"$criu.new" <<SCRIPT
#!/bin/sh
if [ "\$1" = swrk ] && [ -e /run/test-criu-holds ]; then
  : >/run/test-criu-held
  while [ -e /run/test-criu-holds ]; do sleep 0.02; done
fi
exec $criu.real "\$@"
SCRIPT
chmod 755 "$criu.new"
mv "$criu.new" "$criu"
rm -f /run/test-criu-held
: >/run/test-criu-holds
)";
constexpr const char* kRemove = R"(
criu=$(command -v criu)
rm -f /run/test-criu-holds
[ ! -e "$criu.real" ] || mv "$criu.real" "$criu"
)";

class HeldCriu final : public Hold {
 public:
  HeldCriu(const Cluster& cluster, std::string node) : cluster_(cluster), node_(std::move(node)) {
    cluster_.on(node_, {"sh", "-c", kInstall});
  }
  ~HeldCriu() override {
    // Who waits goes on with the real one under its second name, so that name goes only after them.
    mended([&] {
      cluster_.on(node_, {"rm", "-f", "/run/test-criu-holds"});
      eventually("the held CRIUs to go on", [&] {
        return !cluster_.run({"exec", node_, "pgrep", "-f", "^/bin/sh [^ ]*criu swrk"}).succeeded();
      });
      cluster_.on(node_, {"sh", "-c", kRemove});
    });
  }
  void await() override {
    eventually("CRIU to be started on " + node_, [&] {
      return cluster_.run({"exec", node_, "test", "-e", "/run/test-criu-held"}).succeeded();
    });
  }

 private:
  const Cluster& cluster_;
  std::string node_;
};

}  // namespace

std::unique_ptr<Hold> stop_agent(const Cluster& cluster, const std::string& node) {
  return stop_process(cluster, agent_on(cluster, node));
}

std::unique_ptr<Hold> cut_agent_off(const Cluster& cluster, const std::string& node, const std::string& from) {
  const std::string address = cluster.field({"node", from}, R"(.status.addresses[?(@.type=="InternalIP")].address)");
  return std::make_unique<DroppedPackets>(cluster, node, Words{"-s", address, "-p", "tcp", "--dport", "10960"});
}

std::unique_ptr<Hold> stop_process(const Cluster& cluster, const ProductProcess& process) {
  return std::make_unique<StoppedProcess>(cluster, process);
}

std::unique_ptr<Hold> cut_management_off(const Cluster& cluster) {
  return std::make_unique<DroppedPackets>(cluster, broker_process(cluster).node,
                                          Words{"-p", "tcp", "--dport", "15672"});
}

std::unique_ptr<Hold> hold_criu(const Cluster& cluster, const std::string& node) {
  return std::make_unique<HeldCriu>(cluster, node);
}

}  // namespace harness
