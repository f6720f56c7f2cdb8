package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"
)

// APITarget is the Kubernetes API as its clients reach it: through the load balancer.
type APITarget struct {
	Identity
	URL        string `json:"url"`
	ServerName string `json:"server_name"` // What its certificate must say.
	Namespace  string `json:"namespace"`   // Made if it is not there.
}

// apiClient keeps each key in a ConfigMap. A GET without resourceVersion is read through etcd's quorum:
// https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list
type apiClient struct {
	target    APITarget
	dialer    *net.Dialer
	tls       *tls.Config
	transport *http.Transport
	versions  map[string]version
}

// version is a value with what the API calls its version: a swap names the one that it expects.
type version struct{ value, resourceVersion string }

type configMap struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metadata          `json:"metadata"`
	Data       map[string]string `json:"data,omitempty"`
}

type metadata struct {
	Name            string `json:"name"`
	ResourceVersion string `json:"resourceVersion,omitempty"`
}

const (
	field          = "value"
	namespaceLimit = 60 * time.Second
	attemptLimit   = 2 * time.Second
)

func newAPIClient(target APITarget, dialer *net.Dialer) (*apiClient, error) {
	config, err := target.tls(target.ServerName)
	if err != nil {
		return nil, err
	}
	client := &apiClient{target: target, dialer: dialer, tls: config, versions: map[string]version{}}
	client.Reconnect()
	return client, client.makeNamespace()
}

func (c *apiClient) makeNamespace() error {
	namespace := configMap{APIVersion: "v1", Kind: "Namespace", Metadata: metadata{Name: c.target.Namespace}}
	for begin := time.Now(); ; time.Sleep(pauseAfterError) {
		ctx, cancel := context.WithTimeout(context.Background(), attemptLimit)
		status, _, err := c.ask(ctx, http.MethodPost, "/api/v1/namespaces", &namespace)
		cancel()
		if err == nil && (status == http.StatusCreated || status == http.StatusConflict) {
			return nil
		}
		if time.Since(begin) > namespaceLimit {
			return fmt.Errorf("namespace %s could not be made: status %d, %w", c.target.Namespace, status, err)
		}
		c.Reconnect()
	}
}

func (c *apiClient) Reconnect() {
	if c.transport != nil {
		c.transport.CloseIdleConnections()
	}
	c.transport = &http.Transport{
		DialContext: c.dialer.DialContext, TLSClientConfig: c.tls, MaxConnsPerHost: 1, DisableCompression: true,
		// HTTP/1.1: a client is one connection, and its time-out says something about that one.
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
}

func (c *apiClient) Read(ctx context.Context, key string) (string, error) {
	status, found, err := c.ask(ctx, http.MethodGet, c.path(key), nil)
	switch {
	case err != nil:
		return "", err
	case status == http.StatusNotFound:
		delete(c.versions, key)
		return "", nil
	case status != http.StatusOK:
		return "", answer(status)
	}
	return c.saw(key, found), nil
}

func (c *apiClient) Put(ctx context.Context, key, value string) error {
	status, found, err := c.ask(ctx, http.MethodPut, c.path(key), c.configMap(key, value, ""))
	switch {
	case err != nil:
		return err
	case status == http.StatusNotFound:
		return fmt.Errorf("%w: there is no %s", errRefused, key)
	case status != http.StatusOK:
		return answer(status)
	}
	c.saw(key, found)
	return nil
}

func (c *apiClient) Swap(ctx context.Context, key, expected, value string) (bool, error) {
	method, path, known := http.MethodPut, c.path(key), c.versions[key]
	if expected == "" {
		method, path, known = http.MethodPost, c.path(""), version{}
	} else if known.value != expected {
		return false, fmt.Errorf("%w: the version of %s is not known", errRefused, expected)
	}
	status, found, err := c.ask(ctx, method, path, c.configMap(key, value, known.resourceVersion))
	switch {
	case err != nil:
		return false, err
	case status == http.StatusConflict:
		return false, nil
	case status != http.StatusOK && status != http.StatusCreated:
		return false, answer(status)
	}
	c.saw(key, found)
	return true, nil
}

func (c *apiClient) saw(key string, found configMap) string {
	c.versions[key] = version{value: found.Data[field], resourceVersion: found.Metadata.ResourceVersion}
	return found.Data[field]
}

func (c *apiClient) configMap(key, value, resourceVersion string) *configMap {
	return &configMap{
		APIVersion: "v1", Kind: "ConfigMap", Data: map[string]string{field: value},
		Metadata: metadata{Name: key, ResourceVersion: resourceVersion},
	}
}

func (c *apiClient) path(key string) string {
	path := "/api/v1/namespaces/" + c.target.Namespace + "/configmaps"
	if key != "" {
		path += "/" + key
	}
	return path
}

// ask sends one request and reads all of the answer.
func (c *apiClient) ask(ctx context.Context, method, path string, body *configMap) (int, configMap, error) {
	var found configMap
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, found, err
		}
		sent = bytes.NewReader(text)
	}
	// Without a connection, TLS included, nothing was sent, and so nothing was done.
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected = true },
	})
	request, err := http.NewRequestWithContext(ctx, method, c.target.URL+path, sent)
	if err != nil {
		return 0, found, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		if !connected {
			return 0, found, fmt.Errorf("%w: %w", errRefused, err)
		}
		return 0, found, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, found, err
	}
	if response.StatusCode < 300 {
		err = json.Unmarshal(text, &found)
	}
	return response.StatusCode, found, err
}

// answer is what a status says about the operation: only those that come before it was begun are certain.
func answer(status int) error {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusBadRequest:
		return fmt.Errorf("%w: status %d", errRefused, status)
	}
	return fmt.Errorf("status %d", status)
}
