import { config } from 'zod';

// The content security policy forbids code made of text, which zod would try when a schema is made: this module comes
// before all that make one.
config({ jitless: true });
