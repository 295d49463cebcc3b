// A container runtime in memory: containers that are paused and resumed, checkpoints that are whatever a test lays.
// Remembers what it was asked. May be used from any thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "node/container_runtime/container_runtime.h"
#include "test/temporary_folder.h"

namespace migrate::fakes {

class ContainerRuntime final : public node::ContainerRuntime {
 public:
  struct Container {
    std::string pod_uid;
    std::string name;
    bool paused = false;
    std::filesystem::path upper = {};  // empty: its root is no overlay
    node::SharedMemory shm = {};
  };

  Result<node::RuntimeVersion> version() override { return node::RuntimeVersion{"containerd", "2.3.7", true, true}; }

  Lookup<node::RunningContainer> find(const std::string& pod_uid, const std::string& container) override {
    const std::lock_guard lock{mutex_};
    if (auto failed = ask("find " + container); !failed) return tl::make_unexpected(failed.error());
    for (const auto& [id, known] : containers)
      if (known.pod_uid == pod_uid && known.name == container) {
        node::RunningContainer running;
        running.id = id;
        running.runtime = "runc";
        running.memory = Bytes{1000};
        running.paused = known.paused;
        running.shm = known.shm;
        running.image = "image of " + container;
        return std::optional{running};
      }
    return std::optional<node::RunningContainer>{};
  }

  Bytes image_size(const std::string& image) override {
    const std::lock_guard lock{mutex_};
    asked.push_back("image_size " + image);
    return image_bytes;
  }

  Result<bool> exists(const std::string& id) override {
    const std::lock_guard lock{mutex_};
    if (auto failed = ask("exists " + id); !failed) return tl::make_unexpected(failed.error());
    return containers.contains(id);
  }

  Result<void> pause(const std::string& id) override { return set(id, "pause", true); }
  Result<void> resume(const std::string& id) override { return set(id, "resume", false); }

  Result<void> checkpoint(const std::string& id, const std::filesystem::path& images, const std::filesystem::path& work,
                          std::chrono::milliseconds) override {
    const std::lock_guard lock{mutex_};
    if (auto failed = ask("checkpoint " + id); !failed) return failed;
    test::write_text(images / "pages-1.img", memory);
    test::write_text(work / "dump.log", "");
    return {};
  }

  Lookup<std::filesystem::path> upper_folder(const std::string& id) override {
    const std::lock_guard lock{mutex_};
    if (auto failed = ask("upper " + id); !failed) return tl::make_unexpected(failed.error());
    const auto& upper = containers.at(id).upper;
    return upper.empty() ? std::nullopt : std::optional{upper};
  }

  Result<void> make_cold(const std::string& id, const node::CheckpointImageNames& image) override {
    const std::lock_guard lock{mutex_};
    return ask("make_cold " + id + " " + image.reference);
  }
  Result<void> forget_image(const node::CheckpointImageNames& image) override {
    const std::lock_guard lock{mutex_};
    return ask("forget_image " + image.reference);
  }

  Result<node::ContainerDocuments> documents(const std::string& id, Instant) override {
    const std::lock_guard lock{mutex_};
    if (auto failed = ask("documents " + id); !failed) return tl::make_unexpected(failed.error());
    node::ContainerDocuments documents;
    documents.spec = "{}";
    documents.config = R"({"id":")" + id + R"("})";
    return documents;
  }

  std::map<std::string, Container> containers;  // by id
  std::string memory = "memory";
  Bytes image_bytes{5000};
  std::map<std::string, std::string> fails;                // "pause c1" -> why
  std::function<void(const std::string& what)> at_asking;  // "pause c1", before it is done
  std::vector<std::string> asked;

  [[nodiscard]] bool is_paused(const std::string& id) {
    const std::lock_guard lock{mutex_};
    return containers.at(id).paused;
  }

 private:
  Result<void> ask(const std::string& what) {
    asked.push_back(what);
    if (at_asking) at_asking(what);
    if (const auto found = fails.find(what); found != fails.end()) return failure(found->second);
    return {};
  }
  Result<void> set(const std::string& id, const std::string& verb, bool paused) {
    const std::lock_guard lock{mutex_};
    if (auto failed = ask(verb + " " + id); !failed) return failed;
    const auto found = containers.find(id);
    if (found == containers.end()) return failure("no such container: " + id);
    found->second.paused = paused;
    return {};
  }

  std::mutex mutex_;
};

}  // namespace migrate::fakes
