// The namespace of a self-test: made, opened to the controller, and removed with all that was made in it.
#pragma once

#include <string>

#include "plugin/check_list.h"
#include "plugin/cluster.h"

namespace migrate::plugin {

class SelfTestStage {
 public:
  SelfTestStage(const Session& session, const std::string& name);

  [[nodiscard]] const Session& session() const { return inside_; }  // with the namespace as its own
  [[nodiscard]] Outcome<void> make();
  // What is under way is ended first: once the namespace goes, the controller's rights in it may go before the rest. In
  // the list. Not interrupted, and bounded.
  void remove(CheckList& checks);

 private:
  [[nodiscard]] std::string end_migrations();
  [[nodiscard]] std::string remove_namespace();

  Session inside_;
  bool may_be_there_ = false;
  std::string uid_;
};

}  // namespace migrate::plugin
