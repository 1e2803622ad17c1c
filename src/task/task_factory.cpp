#include <asyncio/task/task_factory.hpp>

#include <asyncio/base/exceptions.hpp>

#include <utility>

namespace asyncio {

namespace detail {

void TaskCore::start_by_factory(const TaskOptions& options) {
    const auto factory = loop_->task_factory;  // it may replace itself
    NewTask task(*this);
    (*factory)(*loop_->facade, task, options);
    if (!task.started_) throw RuntimeError("the task factory did not start the task");
}

}  // namespace detail

void TaskBody::await_resume() {
    detail::PromiseBase& ended = *std::exchange(running_, nullptr);
    detail::SlotBase& outcome = *ended.slot;
    ended.handle().destroy();
    // It stays in the slot: a wrapper that catches it has no value to give instead.
    if (outcome.error) std::rethrow_exception(outcome.error);
}

NewTask::~NewTask() {
    if (!started_) detail::destroy_chain(std::exchange(core_.leaf_, nullptr));
}

void NewTask::start(const TaskOptions& options) {
    static_cast<void>(root());
    if (!options.name.empty()) core_.set_name(options.name);
    const bool eager = core_.prepare(options);
    started_ = true;
    core_.begin(eager);
}

detail::PromiseBase& NewTask::root() const {
    if (started_ || core_.leaf_ == nullptr) throw RuntimeError("the task has been started");
    return *core_.leaf_;
}

detail::PromiseBase& NewTask::take_root() {
    static_cast<void>(root());
    core_.slot().child = nullptr;
    return *std::exchange(core_.leaf_, nullptr);
}

void NewTask::set_root(Coro<> wrapper) {
    auto unawaited = std::make_exception_ptr(RuntimeError("the task's wrapper has not awaited its body"));
    detail::PromiseBase* const root = wrapper.release();
    detail::SlotBase& slot = core_.slot();
    root->slot = &slot;
    slot.child = core_.leaf_ = root;
    slot.error = std::move(unawaited);
}

void eager_task_factory(EventLoop&, NewTask& task, TaskOptions options) {
    if (!options.eager_start) options.eager_start = true;
    task.start(options);
}

}  // namespace asyncio
