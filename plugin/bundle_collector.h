// Collects what a maintainer needs: a step for each kind of thing, told in a line as soon as it is done. Reads only:
// nothing in the cluster is changed.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "plugin/arguments.h"
#include "plugin/bundle_reader.h"
#include "plugin/bundle_subject.h"
#include "plugin/check_list.h"
#include "plugin/failure.h"
#include "shared/support/bundle.h"

namespace migrate::plugin {

class BundleCollector {
 public:
  BundleCollector(const Session& session, const Options& options, support::Bundle& bundle);

  // The error is why there is no bundle: nothing at all could be read, there is no such Migration, or the user wants to
  // go.
  [[nodiscard]] Outcome<void> collect();

 private:
  // Each says in words what it has got.
  [[nodiscard]] std::string versions();
  [[nodiscard]] std::string pods_and_owners();
  [[nodiscard]] std::string events();
  [[nodiscard]] std::string nodes();
  [[nodiscard]] std::string installation();
  [[nodiscard]] std::string logs();  // bundle_logs.cpp
  [[nodiscard]] std::string check();
  [[nodiscard]] Outcome<std::string> migrations();

  void step(const std::string& what);
  void keep(const std::string& path, const std::vector<nlohmann::json>& objects);
  void follow_owner(const std::optional<kube::ResourcePath>& path);
  void read_log(const nlohmann::json& pod, const std::string& container, bool previous);  // bundle_logs.cpp
  [[nodiscard]] std::set<std::string> namespaces() const;
  [[nodiscard]] std::string readme() const;

  const Session& session_;
  const Options& options_;
  support::Bundle& bundle_;
  BundleReader reader_;
  Io told_;  // steps go to standard error: the bundle itself may go to standard output
  CheckList steps_;

  std::vector<Migration> migrations_;  // those that are understood
  std::vector<nlohmann::json> migration_nodes_;
  std::vector<nlohmann::json> owners_;
  std::vector<nlohmann::json> our_pods_;
  std::set<std::string> asked_owners_;
  EventSubjects subjects_;
  std::size_t logs_ = 0;
  Bytes log_size_;
};

}  // namespace migrate::plugin
