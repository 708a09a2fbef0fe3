/** What a look at the container of a file can say. */
export type ContainerFault = 'empty' | 'html' | 'json' | 'picture' | 'unknown' | 'truncated' | 'broken';
export type ContainerMedia = 'video/mp4' | 'video/quicktime' | 'video/webm';
export type ContainerCheck =
  | { readonly kind: 'video'; readonly media: ContainerMedia }
  | { readonly kind: 'not-video'; readonly fault: ContainerFault; readonly reason: string };

export const notVideo = (fault: ContainerFault, reason: string): ContainerCheck => ({
  kind: 'not-video',
  fault,
  reason,
});
