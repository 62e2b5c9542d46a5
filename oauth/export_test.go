package oauth

// NewMemory lets a test fill the default Once.
var NewMemory = newMemory
