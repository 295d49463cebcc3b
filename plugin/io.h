// What a command has around it: where it prints, what time it is, whether the user wants to go, which cluster. Passed
// in, so that commands are tested without a terminal and without a server.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>

#include "shared/base/host.h"
#include "shared/kube/client.h"
#include "shared/kube/pacer.h"

namespace migrate::plugin {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

// A stream and what stands behind it.
struct Sink {
  std::ostream& stream;
  bool is_live = false;    // a terminal whose cursor can be moved: may be redrawn in place
  bool is_colour = false;  // and which shows colours
};

struct Io {
  Sink out;
  Sink err;
  const Clock& clock;
  kube::Pacer& pacer;
  std::function<ScreenSize()> screen;
  std::function<bool()> interrupted;   // Ctrl-C or SIGTERM came
  std::chrono::seconds utc_offset{0};  // of times on screen
  bool is_unicode = false;             // marks may be more than ASCII
};

struct Session {
  Io& io;
  kube::Client& client;
  std::string namespace_;  // -n, or the kubeconfig's
};

}  // namespace migrate::plugin
