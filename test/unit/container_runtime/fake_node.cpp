#include "test/unit/container_runtime/fake_node.h"

#include <fmt/format.h>

namespace migrate::test {

namespace fs = std::filesystem;

void FakeNode::add_process(pid_t pid, pid_t parent, int kilobytes, const std::string& cmdline) {
  const fs::path own = proc() / std::to_string(pid);
  write_text(own / "status",
             fmt::format("Name:\tapp\nState:\tS (sleeping)\nPid:\t{}\nPPid:\t{}\nRssAnon:\t{} kB\nRssFile:\t999 kB\n"
                         "RssShmem:\t8 kB\n",
                         pid, parent, kilobytes));
  write_text(own / "cmdline", cmdline);
  write_text(own / "cgroup", fmt::format("7:memory:/pods/{0}\n3:freezer:/pods/{0}\n0::/\n", pid));
  write_text(own / "task" / std::to_string(pid) / "children", "");
  const fs::path siblings = proc() / std::to_string(parent) / "task" / std::to_string(parent) / "children";
  if (is_there(siblings)) write_text(siblings, read_text(siblings) + std::to_string(pid) + " ");
  set_frozen(pid, false);
}

void FakeNode::remove_process(pid_t pid) const {
  fs::remove_all(proc() / std::to_string(pid));
}

fs::path FakeNode::freezer_file(pid_t pid) const {
  return root() / "sys/fs/cgroup/freezer/pods" / std::to_string(pid) / "freezer.state";
}

void FakeNode::set_frozen(pid_t pid, bool frozen) const {
  write_text(freezer_file(pid), frozen ? "FROZEN\n" : "THAWED\n");
}

void FakeNode::hide_freezer(pid_t pid) const {
  fs::remove(freezer_file(pid));
}

bool FakeNode::is_frozen(pid_t pid) const {
  return read_text(freezer_file(pid)).substr(0, 6) == "FROZEN";
}

}  // namespace migrate::test
