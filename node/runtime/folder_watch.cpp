#include "node/runtime/folder_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace migrate::runtime {

FolderWatch::FolderWatch(const std::filesystem::path& folder) : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (!inotify_.is_open()) return;
  constexpr std::uint32_t changes =
      IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW;
  if (::inotify_add_watch(inotify_.get(), folder.c_str(), changes) < 0) inotify_ = Descriptor{};
}

void FolderWatch::wait(std::chrono::milliseconds at_most) {
  const auto moment = std::clamp(at_most, std::chrono::milliseconds(1), std::chrono::milliseconds(50));
  pollfd watched{inotify_.get(), POLLIN, 0};  // of a negative descriptor poll(2) only waits
  if (::poll(&watched, 1, static_cast<int>(moment.count())) <= 0) return;
  std::array<char, 4096> events{};
  while (::read(inotify_.get(), events.data(), events.size()) > 0) {
    // what changed is looked at anew anyway
  }
}

}  // namespace migrate::runtime
