// Package esapi: see the package above it.
package esapi

import "io"

type Response struct{ StatusCode int }

func (*Response) String() string { return "" }

type Indices struct {
	PutIndexTemplate func(name string, body io.Reader) (*Response, error)
}
