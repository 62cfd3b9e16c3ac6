// Vercel's AI SDK with its telemetry on: a model with a tool, in two steps. AI_SDK is its major version.

import { z } from 'zod';
import { watched } from './watched.mjs';

const MAJOR = process.env.AI_SDK ?? '7';

/** Up to 6 a call asks for telemetry, and the SDK itself writes `ai.*`; from 7 on an integration writes `gen_ai.*`. */
async function sdk() {
  if (MAJOR === '6') {
    const { createOpenAICompatible } = await import('openai-compatible-2');
    const telemetry = { experimental_telemetry: { isEnabled: true, functionId: 'weather' } };
    return { ...(await import('ai-6')), createOpenAICompatible, telemetry };
  }
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  const { OpenTelemetry } = await import('@ai-sdk/otel');
  const ai = await import('ai');
  ai.registerTelemetry(new OpenTelemetry());
  return { ...ai, createOpenAICompatible, telemetry: { telemetry: { functionId: 'weather' } } };
}

await watched('js-vercel', async () => {
  const { createOpenAICompatible, generateText, stepCountIs, telemetry, tool } = await sdk();
  const provider = createOpenAICompatible({ name: 'pretend', baseURL: process.env.MODEL_URL, apiKey: 'not-a-key' });
  const getWeather = tool({
    description: 'The weather in a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => ({ city, temperature: 18, sky: 'sunny' }),
  });
  await generateText({
    model: provider('pretend'),
    tools: { get_weather: getWeather },
    stopWhen: stepCountIs(3),
    system: 'You are a weather assistant. Use the tools you have.',
    prompt: 'What is the weather in Paris?',
    ...telemetry,
  });
});
