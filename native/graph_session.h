// A graph with its variables, as TensorFlow computes it.
#pragma once
#include <memory>
#include <string>
#include <vector>
#include <tensorflow/c/c_api.h>
#include "failure.h"
#include "js_values.h"
#include "tensors.h"

namespace kd {

/** Owns a graph and its session. Several threads may run it at once, but nothing may while it is freed. */
class GraphSession {
 public:
  GraphSession(const Bytes& definition, const Bytes& config, const std::string& target) {
    Status status;
    const TF_Buffer buffer{definition.data, definition.length, nullptr};
    const std::unique_ptr<TF_ImportGraphDefOptions, decltype(&TF_DeleteImportGraphDefOptions)> importing(
      TF_NewImportGraphDefOptions(), TF_DeleteImportGraphDefOptions);
    TF_GraphImportGraphDef(graph_.get(), &buffer, importing.get(), status.get());
    status.check();
    const std::unique_ptr<TF_SessionOptions, decltype(&TF_DeleteSessionOptions)> options(TF_NewSessionOptions(),
                                                                                         TF_DeleteSessionOptions);
    if (config.length > 0) TF_SetConfig(options.get(), config.data, config.length, status.get());
    status.check();
    if (!target.empty()) TF_SetTarget(options.get(), target.c_str());
    session_ = TF_NewSession(graph_.get(), options.get(), status.get());
    status.check();
  }

  GraphSession(const GraphSession&) = delete;
  GraphSession& operator=(const GraphSession&) = delete;

  ~GraphSession() { free(); }

  /** Null once freed, like the session. */
  TF_Graph* graph() { return graph_.get(); }
  TF_Session* session() { return session_; }

  /** Computes the outputs. Throws TensorFlow's message if an op fails. */
  std::vector<Tensor> run(const std::vector<TF_Output>& inputs, const std::vector<Tensor>& fed,
                          const std::vector<TF_Output>& outputs) {
    std::vector<TF_Tensor*> values, fetched(outputs.size(), nullptr);
    for (const Tensor& tensor : fed) values.push_back(tensor.get());
    std::vector<Tensor> owned;
    owned.reserve(fetched.size());
    Status status;
    TF_SessionRun(session_, nullptr, inputs.data(), values.data(), static_cast<int>(values.size()), outputs.data(),
                  fetched.data(), static_cast<int>(fetched.size()), nullptr, 0, nullptr, status.get());
    for (TF_Tensor* tensor : fetched) owned.emplace_back(tensor, TF_DeleteTensor);
    status.check();
    return owned;
  }

  void free() {
    Status status;
    if (session_ != nullptr) TF_DeleteSession(session_, status.get());
    session_ = nullptr;
    graph_.reset();
  }

 private:
  std::unique_ptr<TF_Graph, decltype(&TF_DeleteGraph)> graph_{TF_NewGraph(), TF_DeleteGraph};
  TF_Session* session_ = nullptr;
};

}  // namespace kd
