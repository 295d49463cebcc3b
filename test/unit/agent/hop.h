// A source with archives on one node, and a target on another that reads them over a wire that may spoil them.
#pragma once

#include "node/agent/archives.h"
#include "node/agent/target.h"
#include "node/runtime/documents.h"
#include "node/runtime/state_folder.h"
#include "test/unit/agent/helpers.h"

namespace migrate::agent {

struct Wire {
  std::function<std::string(std::string)> spoil;
  int reads = 0;
};

class Peer final : public AgentApi {
 public:
  Peer(Archives& archives, Wire& wire) : archives_(archives), wire_(wire) {}
  AgentResult<void> read_archive(const Order& order, const std::string& archive, const ArchiveSink& sink,
                                 const Call& call) override {
    ++wire_.reads;
    std::string bytes;
    auto read = archives_.read(
        order, archive,
        [&](std::string_view piece) {
          bytes += piece;
          return true;
        },
        call);
    if (wire_.spoil) bytes = wire_.spoil(bytes);
    for (std::size_t at = 0; at < bytes.size(); at += 1000)
      if (!sink(std::string_view(bytes).substr(at, 1000))) break;
    return read;
  }
  AgentResult<SourceFacts> inspect(const Order&, const PodRef&, const std::vector<std::string>&,
                                   const std::vector<std::string>&, const Call&) override {
    return {};
  }
  AgentResult<void> check_kubelet(const Order&, const PodRef&, const Call&) override { return {}; }
  AgentResult<SourceRecord> freeze(const Order&, const FreezeOrder&, const Call&) override { return {}; }
  AgentResult<std::vector<Archive>> checkpoint(const Order&, const CheckpointOrder&, const Call&) override {
    return {};
  }
  AgentResult<Snapshot> snapshot(const Order&, const SnapshotOrder&, const Call&) override { return {}; }
  AgentResult<void> check_registry(const Order&, const RegistryAccess&, const Call&) override { return {}; }
  AgentResult<std::vector<PushedImage>> push(const Order&, const PushOrder&, const Call&) override { return {}; }
  AgentResult<std::vector<std::string>> withdraw(const Order&, const RegistryAccess&, const Call&) override {
    return {};
  }
  AgentResult<SourceRecord> commit(const Order&, const Call&) override { return {}; }
  AgentResult<SourceRecord> thaw(const Order&, bool, const Call&) override { return {}; }
  AgentResult<SourceRecord> source_record(const Order&, const Call&) override { return {}; }
  AgentResult<bool> source_is_gone(const Order&, const Call&) override { return false; }
  AgentResult<void> prepare(const Order&, const PrepareOrder&, const Call&) override { return {}; }
  AgentResult<PullFacts> pull(const Order&, const PullOrder&, const Call&) override { return {}; }
  AgentResult<void> release(const Order&, const ReleaseOrder&, const Call&) override { return {}; }
  AgentResult<std::vector<RestoredContainer>> restore_states(const Order&, const PodRef&,
                                                             const std::vector<std::string>&,
                                                             const std::vector<RestoreState>&, const Call&) override {
    return {};
  }
  AgentResult<bool> cancel(const Order&, const PodRef&, const Call&) override { return false; }
  AgentResult<void> clean_up(const Order&, const Call&) override { return {}; }

 private:
  Archives& archives_;
  Wire& wire_;
};

struct Hop {
  Node from;
  Node node;
  Source source{from.source_parts()};
  Archives archives{from.source_parts(), "node-a", source, from.kubelet};
  Wire wire;
  std::vector<Archive> made;
  std::unique_ptr<Target> target;
  Call call;

  std::shared_ptr<AgentApi> peer;

  Hop();
  void restart() {
    target =
        std::make_unique<Target>(node.target_parts([this](const std::string&, const std::string&) { return peer; }));
  }
  void prepare(const std::string& uid = "pod-2") {
    good(target->prepare(order(), {pod(uid), {"main"}, 500ms}));
    std::filesystem::create_directories(node.places.empty_dir(uid, "scratch"));
  }
  AgentResult<PullFacts> pull() { return target->pull(order(), {"node-a", "10.0.0.1:10960", made}, call); }
  AgentResult<void> release(const std::string& uid = "pod-2") {
    return target->release(order(), {pod(uid), {"main"}, {"scratch"}});
  }
  [[nodiscard]] std::filesystem::path folder(const std::string& uid = "pod-2") const {
    return node.places.restore(uid) / "main";
  }
  // As migrate-runc does.
  [[nodiscard]] runtime::StateFolder its(const std::string& uid = "pod-2") const {
    return {node.places.restores(), {runtime::Identity::Kind::container, uid, "shop/orders", "main", ""}, node.boot_id};
  }
  void mark(const std::string& name, const std::string& uid = "pod-2") const {
    good(its(uid).mark(name, runtime::mark_text(node.boot_id, "c9", node.clock.time)));
  }
  void report(std::optional<bool> resumed, const std::string& uid = "pod-2") const {
    good(its(uid).mark("failed", runtime::report_text({"CRIU failed", resumed}, node.clock.time)));
  }
  RestoreState state(const std::string& uid = "pod-2") {
    Call at_once;
    at_once.timeout = 0ms;
    return good(target->states(pod(uid), {"main"}, {RestoreState::none}, at_once)).at(0).state;
  }
};

inline Hop::Hop() : peer(std::make_shared<Peer>(archives, wire)) {
  from.run("c1", "main");
  from.runtime.memory = std::string(50000, 'm');
  test::write_text(from.places.empty_dir("pod-1", "scratch") / "note", "kept");
  good(source.freeze(order(), {pod(), {"main"}, "node-b", 30s}));
  made = good(archives.checkpoint(order(), {Backend::direct, {"scratch"}}, call));
  restart();
}

}  // namespace migrate::agent
