// Vercel's AI SDK with its telemetry on: a model with a tool, in two steps.

import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, stepCountIs, tool } from 'ai';
import { z } from 'zod';
import { watched } from './watched.mjs';

const provider = createOpenAICompatible({ name: 'pretend', baseURL: process.env.MODEL_URL, apiKey: 'not-a-key' });
const getWeather = tool({
  description: 'The weather in a city.',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, temperature: 18, sky: 'sunny' }),
});

await watched('js-vercel', async () => {
  await generateText({
    model: provider('pretend'),
    tools: { get_weather: getWeather },
    stopWhen: stepCountIs(3),
    system: 'You are a weather assistant. Use the tools you have.',
    prompt: 'What is the weather in Paris?',
    experimental_telemetry: { isEnabled: true, functionId: 'weather' },
  });
});
