"""What a run shows of itself: images, embeddings, skill, throughput; and how it saves itself."""
