// What concerns the node as a whole: its state, its limits, its definitions, its end. Most of it is
// answered at once.
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "tools/server/admin/admin_operation.h"
#include "tools/server/config/config.h"
#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

class Ping final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    JsonWriter json;
    json.begin_object();
    json.field("node", node());
    json.field("pid", getpid());
    json.end_object();
    done(json.take());
  }
};

/// Answered when clients can connect.
class AwaitStartup final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    if (broker().state().is_serving) done("{}");
  }
  bool has_work() const override { return broker().state().is_serving; }
  void work() override { done("{}"); }
};

/// Every key with its value; passwords are not shown.
class Environment final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    JsonWriter json;
    json.begin_object();
    for (const KeySpec& spec : config_keys()) {
      const std::string value = spec.show(host().config());
      const bool is_secret = spec.name.find("pass") != std::string_view::npos;
      if (!value.empty()) json.field(spec.name, is_secret ? std::string_view("********") : value);
    }
    json.end_object();
    done(json.take());
  }
};

/// Done when the alarm, should there be another one now, is known to every shard.
class SetLimit : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;

 protected:
  void done_when_told(std::string result) {
    result_ = std::move(result);
    ask_acknowledgements();
  }

 private:
  void on_all_acknowledged() override { done(result_); }

  std::string result_;
};

/// set_vm_memory_high_watermark FRACTION | absolute SIZE
class SetMemoryWatermark final : public SetLimit {
 public:
  using SetLimit::SetLimit;
  void start() override {
    const auto& arguments = request().arguments;
    MemoryWatermark mark;
    if (arguments.size() == 2 && arguments[0] == "absolute") {
      const auto size = parse_size(arguments[1]);
      if (!size || *size == 0)
        return fail(AdminFault::invalid,
                    fmt::format("'{}' is not a size like 2GB or 2GiB above 0", arguments[1]));
      mark.is_relative = false;
      mark.size = *size;
    } else if (arguments.size() == 1) {
      const auto fraction = parse_fraction(arguments[0]);
      if (!fraction || *fraction <= 0 || *fraction > 1)
        return fail(AdminFault::invalid,
                    "The threshold should be a fraction above 0.0 and up to 1.0");
      mark.fraction = *fraction;
    } else {
      return fail(AdminFault::usage, "expected a fraction, or absolute and a size");
    }
    host().set_memory_watermark(mark);
    done_when_told(fmt::format("{{\"limit\":{}}}", host().facts().memory_watermark_bytes));
  }
};

/// set_disk_free_limit SIZE | mem_relative FACTOR
class SetDiskFreeLimit final : public SetLimit {
 public:
  using SetLimit::SetLimit;
  void start() override {
    const auto& arguments = request().arguments;
    DiskFreeLimit limit;
    if (arguments.size() == 2 && arguments[0] == "mem_relative") {
      const auto factor = parse_fraction(arguments[1]);
      if (!factor || *factor <= 0 || *factor > 1000)
        return fail(AdminFault::invalid, "The factor should be above 0.0 and up to 1000.0");
      limit.is_relative = true;
      limit.factor = *factor;
    } else if (arguments.size() == 1) {
      const auto size = parse_size(arguments[0]);
      if (!size)
        return fail(AdminFault::invalid,
                    fmt::format("'{}' is not a size like 1GB or 1GiB", arguments[0]));
      limit.size = *size;
    } else {
      return fail(AdminFault::usage, "expected a size, or mem_relative and a factor");
    }
    host().set_disk_free_limit(limit);
    done_when_told(fmt::format("{{\"limit\":{}}}", host().facts().disk_free_min_bytes));
  }
};

/// The connection that asked stays open until the broker has ended.
class Stop final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    broker().tell_control(StopBroker{});
    done(fmt::format("{{\"pid\":{}}}", getpid()));
  }
};

}  // namespace

OperationMaker find_node_operation(std::string_view verb) {
  if (verb == "ping") return make_operation<Ping>;
  if (verb == "await_startup") return make_operation<AwaitStartup>;
  if (verb == "environment") return make_operation<Environment>;
  if (verb == "set_vm_memory_high_watermark") return make_operation<SetMemoryWatermark>;
  if (verb == "set_disk_free_limit") return make_operation<SetDiskFreeLimit>;
  if (verb == "stop" || verb == "shutdown") return make_operation<Stop>;
  return nullptr;
}

}  // namespace lepus::server
