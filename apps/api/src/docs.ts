import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** OpenAPI, made from the contracts, as a page at /docs and as JSON at /docs-json. */
export function serveDocs(app: NestFastifyApplication): void {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('PrAd Cluster')
    .setDescription('Prompt-only adapters: training and generation in OpenAI’s wire format.')
    .setVersion('1')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), {
    ui: staticFilesAreServed(),
    raw: ['json'],
  });
}

/** The page needs the plug-in that serves its files; the JSON does not. */
function staticFilesAreServed(): boolean {
  try {
    import.meta.resolve('@fastify/static');
    return true;
  } catch {
    return false;
  }
}
