// Streams pictures to a DeviceAgent and prints each answer as a line of JSON. What the agent refuses for now, and what was
// on a stream that broke, is sent again; Ctrl-C cancels. How to build it: docs/clients.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	agentv1 "weir/agent/v1"
	commonv1 "weir/common/v1"
)

func main() {
	traceparent := flag.String("traceparent", "", "of the caller's span: 00-TRACE_ID-SPAN_ID-01")
	within := flag.Duration("within", time.Minute, "time for everything together")
	flag.Usage = func() {
		log.Println("usage: client [--traceparent T] [--within 1m] HOST:PORT PICTURE...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() < 2 {
		flag.Usage()
		os.Exit(64)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *within)
	defer cancel()
	if err := run(ctx, flag.Arg(0), flag.Args()[1:], *traceparent); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, address string, pictures []string, traceparent string) error {
	// With TLS: credentials.NewClientTLSFromFile("ca.pem", "").
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	client := agentv1.NewDeviceAgentClient(conn)
	left := map[string]*agentv1.InferRequest{}
	for _, picture := range pictures {
		bytes, err := os.ReadFile(picture)
		if err != nil {
			return err
		}
		left[filepath.Base(picture)] = &agentv1.InferRequest{
			RequestId: filepath.Base(picture),
			Input:     &commonv1.Input{Content: &commonv1.Input_EncodedImage{EncodedImage: bytes}},
			TimeoutMs: 5_000,
			Trace:     &commonv1.TraceContext{Traceparent: traceparent},
		}
	}
	backoff := 100 * time.Millisecond
	for {
		before := len(left)
		wait, err := round(ctx, client, left)
		if len(left) == 0 {
			return nil
		}
		// Only a connection that is gone, or a server that goes, is worth another stream.
		if err != nil && status.Code(err) != codes.Unavailable {
			return err
		}
		if len(left) < before {
			backoff = 100 * time.Millisecond
		}
		select {
		case <-time.After(max(wait, backoff/2+rand.N(backoff/2))):
		case <-ctx.Done():
			return ctx.Err()
		}
		backoff = min(2*backoff, 2*time.Second)
	}
}

// round sends what is left over one stream and takes away what is answered for good. It gives how long the agent asks to
// wait, and why the stream ended early.
func round(ctx context.Context, client agentv1.DeviceAgentClient, left map[string]*agentv1.InferRequest) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := client.StreamInfer(ctx)
	if err != nil {
		return 0, err
	}
	requests := make([]*agentv1.InferRequest, 0, len(left))
	for _, request := range left {
		requests = append(requests, request)
	}
	go func() {
		for _, request := range requests {
			message := &agentv1.StreamInferRequest{Message: &agentv1.StreamInferRequest_Infer{Infer: request}}
			// Waits while the agent has no room. A stream that broke says why where it is read.
			if stream.Send(message) != nil {
				return
			}
		}
		_ = stream.CloseSend()
	}()
	var wait time.Duration
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return wait, nil
		}
		if err != nil {
			return wait, err
		}
		failure := response.GetFailure()
		if after, again := retryAfter(status.FromProto(failure.GetStatus())); failure != nil && again {
			wait = max(wait, after)
			continue
		}
		line := answered(response.GetResult())
		id := response.GetResult().GetRequestId()
		if failure != nil {
			id = failure.GetRequestId()
			line = map[string]any{"picture": id, "failure": failure.GetStatus().GetMessage(), "code": failure.GetStatus().GetCode()}
		}
		delete(left, id)
		if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
			return wait, err
		}
	}
}

// retryAfter tells whether the same frame may do better, and when, as far as the agent knows.
func retryAfter(refusal *status.Status) (time.Duration, bool) {
	again := refusal.Code() == codes.Unavailable || refusal.Code() == codes.ResourceExhausted
	for _, detail := range refusal.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration(), again
		}
	}
	return 0, again
}

func answered(result *agentv1.InferResponse) map[string]any {
	return map[string]any{
		"picture":     result.GetRequestId(),
		"label":       result.GetClassification().GetLabel(),
		"confidence":  result.GetClassification().GetConfidence(),
		"placement":   result.GetPlacement().GetNodeId() + " " + result.GetPlacement().GetVariant(),
		"reason":      result.GetDecision().GetReason().String(),
		"responseMs":  result.GetResponseMs(),
		"traceparent": result.GetTrace().GetTraceparent(),
	}
}
